package ordercheck

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The server's own: it waits up to 30 s for the answer to a request that its shutdown cut
		// off.
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*stream).trySetupSourceConsumer.func3"))
}

func engine() *fold.Engine {
	return &fold.Engine{Settings: checks.DefaultSettings(), Key: []byte("key of the tests, not secret"), Ruleset: "r1"}
}

// Resources of a made-up patient.
const rlsCondition = `{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/1"},
  "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
  "verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},
  "code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}`

const adult = `{"resourceType":"Patient","id":"1","birthDate":"1974-05-14"}`

func order(id, status, drug string, more ...string) string {
	return fmt.Sprintf(
		`{"resourceType":"MedicationRequest","id":%q,"status":%q,"intent":"order","subject":{"reference":"Patient/1"},
  "authoredOn":"2026-11-22","medicationCodeableConcept":{"text":%q}%s}`,
		id,
		status,
		drug,
		strings.Join(more, ""),
	)
}

func lab(id, loinc, value, unit, date string) string {
	return fmt.Sprintf(
		`{"resourceType":"Observation","id":%q,"status":"final","subject":{"reference":"Patient/1"},"effectiveDateTime":%q,
  "code":{"coding":[{"system":"http://loinc.org","code":%q}]},"valueQuantity":{"value":%s,"unit":%q,"system":"http://unitsofmeasure.org","code":%q}}`,
		id,
		date,
		loinc,
		value,
		unit,
		unit,
	)
}

func bundle(resources ...string) string {
	return `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + strings.Join(
		resources,
		`},{"resource":`,
	) + `}]}`
}

// stored is a store that has read documents.
func stored(t testing.TB, documents ...string) *fold.Memory {
	t.Helper()
	r := fold.NewReplay(engine())
	for i, d := range documents {
		in := fold.Input{Arrival: facts.Arrival{Sequence: uint64(i) + 1}, Resources: read(t, d), AllowAck: true}
		r.Fold(in)
	}
	return r.Finish(asOf)
}

func read(t testing.TB, document string) []fhir.Resource {
	t.Helper()
	var all []fhir.Resource
	fhir.NewReader(fhir.DefaultOptions()).Document([]byte(document), func(res fhir.Resource) bool {
		if res.Rejection != nil {
			t.Fatalf("test data: %v", res.Rejection)
		}
		all = append(all, res)
		return true
	})
	return all
}

func checker(view fold.View) *Checker {
	return &Checker{
		Engine: engine(),
		Stored: Files{view},
		Reader: fhir.DefaultOptions(),
		AsOf:   func() time.Time { return asOf },
	}
}

// ask gives the advice to a request over what is stored.
func ask(t testing.TB, view fold.View, request string) Advice {
	t.Helper()
	a, err := checker(view).Ask(t.Context(), []byte(request))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func flagged(flags []checks.Flag) string {
	var words []string
	for _, f := range flags {
		words = append(words, strings.TrimSpace(f.Check+" "+f.Ingredient))
	}
	return strings.Join(words, ", ")
}

// states are all that a store holds, as bytes.
func states(m *fold.Memory) []byte {
	var b bytes.Buffer
	for _, p := range m.Patients() {
		b.Write(codec.Append(nil, m.State(p)))
	}
	return b.Bytes()
}

// corpus is the folder of public samples; what needs it is left out where there is none.
func corpus(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("RLSGUARD_CORPUS")
	if dir == "" {
		t.Skip("RLSGUARD_CORPUS is not set")
	}
	return dir
}
