package checks

import (
	"testing"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

func TestAssess(t *testing.T) {
	key := []byte("key")
	st := &State{Patient: "Patient/1"}
	assess := func() assessment { return Assess(st, DefaultSettings(), key, "r", labAsOf) }
	if a := assess(); a.RLS != RLSNone || len(a.Flags) > 0 || a.Iron != (IronNeed{}) {
		t.Errorf("%+v for a patient without facts", a)
	}
	st.Merge(
		facts.Fact{
			Ref:  "Condition/1",
			Kind: facts.KindCondition,
			Condition: &facts.Condition{
				Code: facts.Concept{Codings: []codes.Coding{{System: codes.SNOMED, Code: "32914008"}}},
			},
		},
	)
	st.Flags = []OpenFlag{{Check: checkIronUnchecked, Number: 7}}
	a := assess()
	if a.RLS != RLSConfirmed || len(a.Flags) != 1 || a.Flags[0].Check != checkIronUnchecked || a.Flags[0].Number != 7 {
		t.Errorf("%+v for a patient with the diagnosis", a)
	}
	if want := (IronNeed{Check: checkIronUnchecked, Ferritin: LabMissing, TSAT: LabMissing}); a.Iron != want {
		t.Errorf("need %+v, want %+v", a.Iron, want)
	}
	st.Merge(
		facts.Fact{
			Ref:  "Observation/1",
			Kind: facts.KindLab,
			Lab: &facts.LabResult{
				Status:    facts.LabFinal,
				Loincs:    []string{"2276-4"},
				Effective: facts.Period{Start: moment.Instant(labAsOf)},
				Value: facts.Value{
					Kind:     facts.QuantityValue,
					Quantity: facts.Quantity{Value: "200", Unit: "ng/mL"},
				},
			},
		},
	)
	if a := assess(); len(a.Flags) != 0 || a.Iron != (IronNeed{}) {
		t.Errorf("%+v for a patient with a recent result", a)
	}
}
