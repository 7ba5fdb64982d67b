package checks

import (
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"strings"
	"testing"
)

// The golden file holds every check's answer to every case of checks/exercise, with the version. A
// check that answers a case differently under the same version fails here, whatever its description
// says: its approval was for something else. RLSGUARD_UPDATE=1 writes the file, but still refuses
// that. An edited case is a new one.
func TestAChangedAnswerRaisesTheVersion(t *testing.T) {
	const file = "testdata/answers.golden"
	old, err := os.ReadFile(file)
	update := os.Getenv("RLSGUARD_UPDATE") != ""
	if err != nil && !update {
		t.Fatal(err)
	}
	versions, known := map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(old)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " = ")
		if check, ok := strings.CutPrefix(key, "version "); ok {
			versions[check] = value
			continue
		}
		known[key] = value
	}
	var b strings.Builder
	current := map[string]string{}
	for _, c := range Catalogue() {
		current[c.ID] = fmt.Sprint(c.Rule.Version)
		fmt.Fprintf(&b, "version %s = %d\n", c.ID, c.Rule.Version)
	}
	for _, line := range answers(t) {
		key, now, _ := strings.Cut(line, " = ")
		b.WriteString(line + "\n")
		was, ok := known[key]
		for _, c := range Catalogue() {
			if ok && answerOf(was, c.ID) != answerOf(now, c.ID) && versions[c.ID] == current[c.ID] {
				t.Errorf(
					"%s answers %q to %s, and %q before: raise its version",
					c.ID,
					answerOf(now, c.ID),
					key,
					answerOf(was, c.ID),
				)
			}
		}
	}
	switch {
	case t.Failed() || b.String() == string(old):
	case update:
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("cases or versions are new: write %s with RLSGUARD_UPDATE=1", file)
	}
}

func answers(t *testing.T) []string {
	var lines []string
	eachScenario(t, func(s *scenario) {
		var found []string
		for _, f := range Evaluate(&s.st, DefaultSettings(), s.AsOf) {
			found = append(found, f.Check+":"+f.Ingredient+":"+f.Severity.String())
		}
		slices.Sort(found)
		h := fnv.New32a()
		h.Write([]byte(strings.Join(append([]string{s.Title}, s.Lines...), "\n")))
		lines = append(lines, fmt.Sprintf("%s %08x = %s", s.Name(), h.Sum32(), strings.Join(found, ", ")))
	})
	return lines
}

func answerOf(all, check string) string {
	var own []string
	for a := range strings.SplitSeq(all, ", ") {
		if strings.HasPrefix(a, check+":") {
			own = append(own, a)
		}
	}
	return strings.Join(own, ", ")
}
