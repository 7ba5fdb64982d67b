package checks

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
)

// A rule keeps its version only while it keeps its meaning: trigger, severity, classes, thresholds
// and sources. The golden file holds what each version meant; a change under the same version fails
// here. RLSGUARD_UPDATE=1 writes the file, but still refuses that.
func TestAChangedRuleRaisesItsVersion(t *testing.T) {
	const file = "testdata/rules.golden"
	known := map[string]string{}
	old, err := os.ReadFile(file)
	if err != nil && os.Getenv("RLSGUARD_UPDATE") == "" {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(old)) {
		rule, meaning, _ := strings.Cut(strings.TrimSpace(line), " = ")
		known[rule] = meaning
	}
	added := ""
	for _, c := range Catalogue() {
		rule := fmt.Sprintf("%s v%d", c.ID, c.Rule.Version)
		meaning := meaningOf(c)
		switch was, ok := known[rule]; {
		case ok && was != meaning:
			t.Errorf("%s means something else than before: raise its version", rule)
		case !ok:
			added += rule + " = " + meaning + "\n"
		}
	}
	if added == "" {
		return
	}
	if os.Getenv("RLSGUARD_UPDATE") == "" {
		t.Fatalf("new rules, to be added to %s with RLSGUARD_UPDATE=1:\n%s", file, added)
	}
	if err := os.WriteFile(file, append(old, added...), 0o644); err != nil {
		t.Fatal(err)
	}
}

func meaningOf(c Check) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %v %v", c.Severity, c.Trigger, c.Classes, c.WithoutRLS, c.Citations)
	for _, th := range c.Thresholds(DefaultSettings()) {
		fmt.Fprintf(h, " %q", th)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:12])
}

func TestEveryRuleHasALife(t *testing.T) {
	for _, c := range Catalogue() {
		if c.Rule.Version < 1 || c.Rule.Status == "" || c.Rule.Date == "" || c.Rule.NextReview == "" {
			t.Errorf("%s: incomplete rule %+v", c.ID, c.Rule)
		}
		if c.Rule.Status == RuleApproved && c.Rule.Reviewer == "" {
			t.Errorf("%s is approved by nobody", c.ID)
		}
		if c.Title == "" || c.Trigger == "" || len(c.Citations) == 0 {
			t.Errorf("%s lacks title, trigger or citation", c.ID)
		}
	}
}
