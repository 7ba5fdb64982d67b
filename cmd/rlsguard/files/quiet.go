package files

import (
	"fmt"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/silence"
)

// quiet is a check that the settings keep from opening any flag.
type quiet struct {
	Check  string `json:"check"`
	Reason string `json:"reason"` // check-switched-off or rule-not-approved
	// Changed are the parts of a void approval that are not as they were approved.
	Changed []string `json:"changed,omitempty"`
}

// quiet accounts for the checks that set keeps from opening any flag: without them, no flag says
// less.
func (s *Summary) noteQuiet(set *checks.Settings) {
	for _, q := range set.Quiet() {
		one := quiet{Check: q.Check, Reason: string(q.Reason)}
		if q.Reason == silence.NotApproved {
			one.Changed = set.Approvals[q.Check].Changed
		}
		s.Quiet = append(s.Quiet, one)
	}
}

// quietCount is "17 of 17 checks are quiet".
func quietCount(n int) string {
	verb := "are"
	if n == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%d of %d checks %s quiet", n, len(checks.Catalogue()), verb)
}

// quietLine says how many checks are quiet, and why.
func quietLine(list []quiet) string {
	var off, unapproved, void []string
	for _, q := range list {
		if q.Reason == string(silence.NotApproved) {
			unapproved = append(unapproved, q.Check)
			if len(q.Changed) > 0 {
				void = append(void, q.Check+" ("+strings.Join(q.Changed, ", ")+")")
			}
		} else {
			off = append(off, q.Check)
		}
	}
	var why []string
	if len(off) > 0 {
		why = append(why, fmt.Sprintf("switched off (%s)", strings.Join(off, ", ")))
	}
	if len(unapproved) > 0 {
		why = append(why, "not approved (require_approved_rules)")
	}
	if len(why) == 2 {
		why = []string{fmt.Sprintf("%d %s", len(off), why[0]), fmt.Sprintf("%d %s", len(unapproved), why[1])}
	}
	text := quietCount(len(list)) + ": " + strings.Join(why, ", ")
	if len(void) > 0 {
		text += "; changed since they were approved: " + strings.Join(void, ", ")
	}
	return text
}
