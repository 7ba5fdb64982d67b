package checks

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateClears = flag.Bool("update-clears", false, "write testdata/clears.golden anew")

// TestClearsAreAsReviewed holds what is said of every flag of the scenarios, as a pharmacist would
// read it. Whoever changes it reads each difference.
func TestClearsAreAsReviewed(t *testing.T) {
	var b strings.Builder
	eachScenario(t, func(s *scenario) {
		flags := OpenFlags(&s.st, DefaultSettings(), []byte("key"), "rules", s.AsOf)
		AddClears(&s.st, DefaultSettings(), s.AsOf, flags)
		if len(flags) > 0 {
			fmt.Fprintf(&b, "# %s\n", s.Title)
		}
		for _, f := range flags {
			fmt.Fprintf(&b, "%s %s %s\n", f.Severity, f.Check, f.Ingredient)
			for _, c := range f.Clears {
				fmt.Fprintf(&b, "  %s: %s\n", c.Kind, c.Text)
			}
			if f.ClearsCut {
				b.WriteString("  (cut)\n")
			}
		}
	})
	if *updateClears {
		if err := os.WriteFile("testdata/clears.golden", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/clears.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}
