package fold

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/clears"
)

// serve and replay say the same about what would clear a flag if both know the same at the same
// time, whatever the order and batches.
func TestClearsAreThoseOfReplay(t *testing.T) {
	e := engine()
	docs := []string{
		`{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}`,
		`{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","subject":{"reference":"Patient/1"},"authoredOn":"2026-10-01","medicationCodeableConcept":{"text":"gabapentin 300 mg capsule"}}`,
		`{"resourceType":"Observation","id":"f","status":"final","subject":{"reference":"Patient/1"},"effectiveDateTime":"2026-10-01","code":{"coding":[{"system":"http://loinc.org","code":"2276-4"}]},"valueQuantity":{"value":40,"unit":"ng/mL"}}`,
	}
	var want []clears.Change
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {2, 0, 1}} {
		mem := NewMemory()
		var last checks.Flag
		for n, i := range order {
			c, _ := e.Step(mem, []Input{readInput(uint64(n+1), docs[i])}, asOf)
			mem.apply(c)
			for _, f := range c.transitions() {
				if f.Check == "iron-low" {
					last = f
				}
			}
		}
		open := checks.OpenFlags(mem.State("Patient/1"), e.Settings, e.Key, e.Ruleset, asOf)
		checks.AddClears(mem.State("Patient/1"), e.Settings, asOf, open)
		if want == nil {
			want = open[0].Clears
		}
		if len(want) == 0 || open[0].Check != "iron-low" {
			t.Fatalf("open %+v", open)
		}
		if diff := cmp.Diff(want, last.Clears); diff != "" {
			t.Errorf("%v: published (+) and printed (-): %s", order, diff)
		}
		if diff := cmp.Diff(want, open[0].Clears); diff != "" {
			t.Errorf("%v: printed: %s", order, diff)
		}
	}
	e.NoClears = true
	c, _ := e.Step(NewMemory(), []Input{readInput(1, docs[0]), readInput(2, docs[1])}, asOf)
	for _, f := range c.transitions() {
		if len(f.Clears) > 0 {
			t.Errorf("nobody reads them, and there are %v", f.Clears)
		}
	}
}
