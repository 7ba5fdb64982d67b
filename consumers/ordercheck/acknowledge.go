package ordercheck

import (
	"cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// Acknowledgement writes the DetectedIssue that answers f: its id, the basis that was seen, and who
// decided what, when and why. It counts when it is published on consumers.SubjectAcknowledge, and
// until the basis changes or its end has come. Flag and basis of a are taken from f.
func Acknowledgement(f *checks.Flag, a facts.Acknowledgement) ([]byte, error) {
	a.FlagID, a.Basis = f.ID, f.Basis
	if !a.Override {
		a.Reason = cmp.Or(a.Reason, issue.ActionNoted)
	}
	state, change := checks.Acknowledged, checks.ChangeAcknowledged
	if a.Override {
		state, change = checks.Overridden, checks.ChangeOverridden
	}
	return issue.MarshalAnswer(checks.Flag{
		Finding: checks.Finding{
			Check:      f.Check,
			Ingredient: f.Ingredient,
			Patient:    f.Patient,
			Severity:   f.Severity,
			RLS:        f.RLS,
			Implicated: f.Implicated,
			Basis:      f.Basis,
		},
		ID: f.ID, State: state, Change: change, Ack: &a,
	})
}

// Reason is why a flag is overridden: a code, and words for a person.
type Reason struct{ Code, Display string }

// ReasonOther is the reason of an override that has only a comment.
const ReasonOther = "other"

// DefaultReasons are offered with every card. CDS Hooks prescribes no list; a site adds its own.
var DefaultReasons = func() (all []Reason) {
	for _, r := range issue.OverrideReasons() {
		all = append(all, Reason{r.Code, r.Display})
	}
	return all
}()
