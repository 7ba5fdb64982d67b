package checks_test

import (
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/terms"
)

// What is known of a patient goes in, what has to be flagged comes out. Time is an argument.
func ExampleEvaluate() {
	rls := checks.Concept{Codings: []terms.Coding{{System: terms.SNOMED, Code: "32914008"}}}
	state := &checks.State{Patient: "Patient/anna", Facts: []checks.Fact{ // sorted by reference
		{Ref: "Condition/1", Kind: checks.KindCondition, Condition: &checks.Condition{Code: rls, Clinical: checks.ClinicalActive}},
		{Ref: "MedicationRequest/1", Kind: checks.KindOrder, Order: &checks.Order{
			Status: checks.StatusActive, Authored: checks.Instant(time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)),
			Drug: checks.Drug{Names: []string{"sertraline 50 mg tablet"}},
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
