package checks_test

import (
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// Facts about a patient go in, what has to be flagged comes out. Time is an argument.
func ExampleEvaluate() {
	rls := facts.Concept{Codings: []codes.Coding{{System: codes.SNOMED, Code: "32914008"}}}
	state := &checks.State{Patient: "Patient/anna", Facts: []facts.Fact{ // sorted by reference
		{
			Ref:       "Condition/1",
			Kind:      facts.KindCondition,
			Condition: &facts.Condition{Code: rls, Clinical: facts.ClinicalActive},
		},
		{Ref: "MedicationRequest/1", Kind: facts.KindOrder, Order: &facts.Order{
			Status: facts.StatusActive, Authored: moment.Instant(time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)),
			Drug: facts.Drug{Names: []string{"sertraline 50 mg tablet"}},
		}},
	}}
	asOf := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for _, finding := range checks.Evaluate(state, checks.DefaultSettings(), asOf) {
		fmt.Println(finding.Severity, finding.Check, finding.Ingredient, finding.Implicated)
	}
	// Output:
	// low rls-iron-unchecked  []
	// moderate rls-ssri sertraline [MedicationRequest/1]
}
