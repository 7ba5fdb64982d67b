package fhir

import (
	"math"
	"testing"
)

// TestAllocations bounds the allocations of reading one event once the reader has seen its like:
// none for what is not relevant.
func TestAllocations(t *testing.T) {
	plain := `{"resourceType":"MedicationRequest","id":"rx-1","meta":{"versionId":"2","lastUpdated":"2026-01-15T09:00:00Z"},"status":"active","intent":"order","subject":{"reference":"Patient/p"},
		"medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"312940","display":"sertraline"}],"text":"sertraline"},"authoredOn":"2026-01-15"}`
	cases := []struct {
		name, doc string
		most      float64
	}{
		{"another type", visit, 0},
		{
			"another result",
			rx(
				"Observation",
				`,"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2339-0"}],"text":"Glucose"},"valueQuantity":{"value":5.1}`,
			),
			0,
		},
		{
			"a result",
			rx(
				"Observation",
				`,"status":"final","effectiveDateTime":"2026-01-01","valueQuantity":{"value":5.1,"unit":"ng/mL"},"code":`+ferritin,
			),
			2,
		},
		{"another diagnosis", rx("Condition", `,"code":{"text":"Asthma"}`), 1},
		{"a diagnosis", rx("Condition", `,"code":`+rls), 2},
		{"an order", plain, 2},
		{
			"a report without results in it",
			rx("DiagnosticReport", `,"status":"final","code":{"text":"Iron"},"result":[{"reference":"Observation/1"}]`),
			0,
		},
		{
			"a report of other results",
			rx(
				"DiagnosticReport",
				`,"status":"final","contained":[{"resourceType":"Observation","id":"a","code":{"coding":[{"system":"http://loinc.org","code":"2339-0"}]}}]`,
			),
			0,
		},
		{"another result with a bad status", rx("Observation", `,"status":"done","code":{"text":"Glucose"}`), 0},
		{"nothing but type and id", `{"resourceType":"Observation","id":"1"}`, 0},
		{
			"a Bundle of requests of no concern",
			bundle("batch", `{"resource":`+visit+`,"request":{"method":"POST","url":"Encounter"}}`),
			0,
		},
		{"a Bundle of no concern", bundle("batch", entryOf(visit), entryOf(visit)), 0},
	}
	for _, c := range cases {
		r, doc := NewReader(DefaultOptions()), []byte(c.doc)
		n := math.Inf(1)
		for range 5 { // counts what the runtime allocates meanwhile, too: the minimum is what reading needs
			n = min(n, testing.AllocsPerRun(200, func() { r.Document(doc, func(Resource) bool { return true }) }))
		}
		if n > c.most {
			t.Errorf("%s: %v allocations, want at most %v", c.name, n, c.most)
		}
	}
}
