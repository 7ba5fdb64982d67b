package checks

import (
	"fmt"
	"strings"
	"testing"
)

// TestClearsAreAsReviewed holds the changes listed for every flag of the scenarios, as a pharmacist
// would read them. Rewrite with RLSGUARD_UPDATE=1, and only if every changed line is meant.
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
	golden(t, "testdata/clears.golden", b.String())
}
