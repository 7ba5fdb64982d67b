package fold

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir"
)

// A version that cannot be placed loses to one that can, in any order and however often it comes;
// the flag says that it may be newer.
func TestVersionsThatCannotBePlaced(t *testing.T) {
	version := func(status, updated string) string {
		return `{"resourceType":"MedicationRequest","id":"m","status":"` + status + `","intent":"order","subject":{"reference":"Patient/1"},
			"meta":{"lastUpdated":` + updated + `},"medicationCodeableConcept":{"text":"sertraline 50 mg"}}`
	}
	docs := []string{
		`{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}`,
		version(
			"stopped",
			`"yesterday"`,
		), version("active", `"2026-10-01T08:00:00Z"`), version("on-hold", `"2026-09-01T08:00:00Z"`), version("draft", `7`),
	}
	e := engine()
	var inputs []Input
	for i, d := range docs {
		inputs = append(inputs, readInput(uint64(i+1), d))
	}
	m, _ := run(e, inputs)
	first := everyFact(m)
	if flags := open(e, m); len(flags) != 2 ||
		!strings.Contains(flags[1].Summary, "A newer version of MedicationRequest/m may exist") {
		t.Fatalf("flags %+v", flags)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		mixed := append([]Input(nil), inputs...)
		for range rng.IntN(4) {
			mixed = append(mixed, inputs[rng.IntN(len(inputs))])
		}
		rng.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		cut := rng.IntN(len(mixed))
		m, _ := run(e, mixed[:cut], mixed[cut:])
		if diff := cmp.Diff(first, everyFact(m), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("another order gives other facts:\n%s", diff)
		}
	}
	without, _ := run(e, inputs[:1], inputs[2:4])
	for _, f := range open(e, without) {
		if strings.Contains(f.Summary, "newer version may") {
			t.Errorf("nothing unreadable came: %s", f.Summary)
		}
	}
}

func readInput(seq uint64, doc string) Input {
	in := Input{Arrival: facts.Arrival{Sequence: seq}}
	fhir.NewReader(fhir.DefaultOptions()).Document([]byte(doc), func(res fhir.Resource) bool {
		in.Resources = append(in.Resources, res)
		return true
	})
	return in
}
