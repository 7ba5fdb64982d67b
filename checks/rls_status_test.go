package checks

import (
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms"
)

func TestRLS(t *testing.T) {
	st := &State{Patient: "Patient/1"}
	if got := RLS(st, DefaultSettings(), labAsOf); got != RLSNone {
		t.Errorf("%s for a patient without facts", got)
	}
	st.Merge(Fact{Ref: "Condition/1", Kind: KindCondition, Condition: &Condition{Code: Concept{Codings: []terms.Coding{{System: terms.SNOMED, Code: "32914008"}}}}})
	if got := RLS(st, DefaultSettings(), labAsOf); got != RLSConfirmed {
		t.Errorf("%s for a patient with the diagnosis", got)
	}
}
