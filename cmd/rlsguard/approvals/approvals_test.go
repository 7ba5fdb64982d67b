package approvals

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/substance"
)

// reviewer is a key pair.
type reviewer struct {
	signer note.Signer
	public string
}

func newReviewer(t testing.TB, name string) reviewer {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return reviewer{signer, public}
}

func ssri(t testing.TB, s *checks.Settings) *Approval {
	t.Helper()
	i := slices.IndexFunc(checks.Catalogue(), func(c checks.Check) bool { return c.ID == "rls-ssri" })
	c := checks.Catalogue()[i]
	return &Approval{
		Check: c.ID, Version: c.Rule.Version, Status: checks.RuleApproved, Reviewer: "Pharmacy committee",
		Date: "2026-11-29", NextReview: "2027-11-29", Parts: substance.Of(c, s),
	}
}

func signed(t testing.TB, a *Approval, by reviewer, before []byte) []byte {
	t.Helper()
	data, _, err := Sign(a, by.signer, before)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// rules are what a folder with one approval of rls-ssri says of it.
func rules(t *testing.T, data []byte, trusted []string, s *checks.Settings) (checks.Rule, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rls-ssri"+Extension), data, 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := Rules([]string{dir}, trusted, s)
	return all["rls-ssri"], err
}

func TestTwoReviewersSignOneApproval(t *testing.T) {
	anna, ben := newReviewer(t, "anna"), newReviewer(t, "ben")
	s := checks.DefaultSettings()
	data := signed(t, ssri(t, s), ben, signed(t, ssri(t, s), anna, nil))
	for _, c := range []struct {
		trusted []string
		want    string
	}{
		{[]string{anna.public, ben.public}, "Pharmacy committee (anna, ben)"},
		{[]string{ben.public}, "Pharmacy committee (ben)"},
	} {
		r, err := rules(t, data, c.trusted, s)
		if err != nil || r.Status != checks.RuleApproved || r.Reviewer != c.want {
			t.Errorf("%+v, %v; want %s", r, err, c.want)
		}
	}
	again := signed(t, ssri(t, s), ben, data)
	if n := bytes.Count(again, []byte("\n— ")); n != 2 {
		t.Errorf("%d signatures after one reviewer signed twice", n)
	}
}

func TestAnApprovalThatNobodySignedAsItIs(t *testing.T) {
	anna, eve := newReviewer(t, "anna"), newReviewer(t, "anna") // eve takes the name
	s := checks.DefaultSettings()
	good := string(signed(t, ssri(t, s), anna, nil))
	for name, data := range map[string]string{
		"forged":          string(signed(t, ssri(t, s), eve, nil)),
		"edited":          strings.Replace(good, "next review: 2027", "next review: 2099", 1),
		"another rule":    strings.Replace(good, "rule: rls-ssri", "rule: iron-low", 1),
		"unsigned":        good[:strings.Index(good, "\n\n")+2],
		"not a note":      "rule: rls-ssri\n",
		"empty":           "",
		"cut":             good[:len(good)/2],
		"two notes in it": good + "\n" + good,
	} {
		if r, err := rules(t, []byte(data), []string{anna.public}, s); err == nil {
			t.Errorf("%s: taken as %+v", name, r)
		}
	}
	if _, err := rules(t, []byte(good), nil, s); err == nil {
		t.Error("taken although no reviewer is trusted")
	}
	if r, err := rules(t, []byte(good), []string{anna.public}, s); err != nil || r.Status != checks.RuleApproved {
		t.Errorf("as it was signed: %+v, %v", r, err)
	}
}

// What decides a rule and is not as it was approved makes the approval void, and is named; what only
// other rules go by does not.
func TestAChangeVoidsAnApproval(t *testing.T) {
	anna := newReviewer(t, "anna")
	data := signed(t, ssri(t, checks.DefaultSettings()), anna, nil)
	for name, c := range map[string]struct {
		change  func(*checks.Settings)
		changed []string
	}{
		"nothing": {func(*checks.Settings) {}, nil},
		"a limit": {func(s *checks.Settings) { s.Orders.TailDays["fluoxetine"] = 30 },
			[]string{"limit orders.tail_days.fluoxetine"}},
		"a limit of others": {func(s *checks.Settings) { s.Renal.CreatinineDays = 100 }, nil},
		"its severity": {func(s *checks.Settings) { s.Checks = severity("rls-ssri") }, []string{"severity here",
			"answers to offending"}},
		"severity of another": {func(s *checks.Settings) { s.Checks = severity("iron-low") }, nil},
		"rules need approval": {func(s *checks.Settings) { s.RequireApproved = true }, nil},
	} {
		s := checks.DefaultSettings()
		c.change(s)
		r, err := rules(t, data, []string{anna.public}, s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, part := range c.changed {
			if !slices.Contains(r.Changed, part) {
				t.Errorf("%s: %q is not named among %q", name, part, r.Changed)
			}
		}
		if (r.Status == checks.RuleVoid) != (c.changed != nil) {
			t.Errorf("%s: %s, changed %q", name, r.Status, r.Changed)
		}
	}
}

func severity(check string) map[string]checks.CheckSetting {
	return map[string]checks.CheckSetting{check: {Severity: "high"}}
}

// Rules without an approval that counts are quiet where rules need one; an overdue one still counts.
func TestOnlyApprovedRulesStayOn(t *testing.T) {
	anna := newReviewer(t, "anna")
	s := checks.DefaultSettings()
	for status, quiet := range map[checks.RuleStatus]bool{checks.RuleApproved: false, checks.RuleUnderReview: true} {
		a := ssri(t, s)
		a.Status = status
		r, err := rules(t, signed(t, a, anna, nil), []string{anna.public}, s)
		if err != nil {
			t.Fatal(err)
		}
		set := checks.DefaultSettings()
		set.RequireApproved, set.Approvals = true, map[string]checks.Rule{"rls-ssri": r}
		is := false
		for _, q := range set.Quiet() {
			is = is || q.Check == "rls-ssri"
		}
		if is != quiet {
			t.Errorf("%s: quiet is %t", status, is)
		}
		late := time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)
		if status == checks.RuleApproved && r.StatusOn(late) != checks.RuleOverdue {
			t.Errorf("on %s it is %s", late, r.StatusOn(late))
		}
	}
}

func TestTheNewestApprovalThatFitsCounts(t *testing.T) {
	anna := newReviewer(t, "anna")
	s := checks.DefaultSettings()
	dir := t.TempDir()
	write := func(name, date string, change func(*checks.Settings)) {
		then := checks.DefaultSettings()
		change(then)
		a := ssri(t, then)
		a.Date = date
		if err := os.WriteFile(filepath.Join(dir, name+Extension), signed(t, a, anna, nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a", "2026-11-01", func(*checks.Settings) {})
	write("b", "2026-11-20", func(s *checks.Settings) { s.Orders.OldAfterDays = 10 })
	write("c", "2026-10-01", func(*checks.Settings) {})
	all, err := Rules([]string{dir}, []string{anna.public}, s)
	if err != nil || all["rls-ssri"].Date != "2026-11-01" {
		t.Errorf("%+v, %v", all["rls-ssri"], err)
	}
}

// A note says what was signed, whatever its values hold.
func TestANoteIsReadAsItWasWritten(t *testing.T) {
	anna := newReviewer(t, "anna")
	verifiers, err := reviewers([]string{anna.public})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		a := &Approval{
			Check: "rls-ssri", Version: rapid.IntRange(1, 99).Draw(t, "version"), Status: checks.RuleUnderReview,
			Reviewer: "R" + rapid.StringMatching(`[^\x00-\x1f\x7f-\x9f]{0,20}`).Draw(t, "reviewer"), Date: "2026-11-29",
			NextReview: "2027-01-01",
		}
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			a.Parts = append(
				a.Parts,
				substance.Part{Name: rapid.String().Draw(t, "name"), Value: rapid.String().Draw(t, "value")},
			)
		}
		data, _, err := Sign(a, anna.signer, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := open(data, verifiers)
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		a.Signers = []string{"anna"}
		if diff := cmp.Diff(a, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzParse(f *testing.F) {
	anna := newReviewer(f, "anna")
	f.Add(signed(f, ssri(f, checks.DefaultSettings()), anna, nil))
	f.Add([]byte(firstLine + "\nrule: rls-ssri\npart: \"a\" \"b\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := parse(string(data)); err == nil && a.text() == "" {
			t.Error("an approval of nothing")
		}
	})
}
