package consumers

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

const unreadOrder = `{"resourceType":"MedicationRequest","id":"u","status":"Geheim","intent":"order","subject":{"reference":"Patient/1"},"authoredOn":7,
	"medicationCodeableConcept":{"text":"sertraline 50 mg"}}`

// What was read in part counts, and one letter without payload tells all its places. Nothing of it
// is in a metric but type and element.
func TestPartlyRead(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	defer b.serve(cfg)()
	bundle := `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + unreadOrder + `},{"resource":` +
		orderJSON(
			"m1",
			"1",
			"sertraline",
			"active",
			1,
		) + `},{"resource":{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},"code":{"coding":[{"code":5}]}}},
		{"resource":{"resourceType":"MedicationRequest","id":"x","status":"active","intent":"order"}}]}`
	b.publish(bundle, orderJSON("m2", "1", "sertraline", "active", 1))
	b.decided()
	letters := b.messages(layout.StreamDead, layout.SubjectDead+string(layout.PartlyRead))
	if len(letters) != 1 || len(b.letters("")) != 2 {
		t.Fatalf("%d letters of it, %d in all", len(letters), len(b.letters("")))
	}
	m := letters[0]
	for header, want := range map[string]string{
		layout.HeaderReason: "partly-read", layout.HeaderSequence: "1",
		layout.HeaderPointer: "/entry/0/resource/status /entry/0/resource/authoredOn " +
			"/entry/2/resource/code/coding/0/code",
		layout.HeaderDetail: "/entry/0/resource/status: not a FHIR R4 status; /entry/0/resource/authoredOn: not " +
			"a string; " +
			"/entry/2/resource/code/coding/0/code: not a string",
	} {
		if got := m.Headers().Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if len(m.Data()) > 0 || strings.Contains(m.Headers().Get(layout.HeaderDetail), "Geheim") {
		t.Error("a letter about what could not be read holds some of it")
	}
	if st := b.states()["Patient/1"]; st == nil || len(st.Facts) != 4 {
		t.Errorf("the resource that was read in part was not taken: %+v", st)
	}
	rec := httptest.NewRecorder()
	cfg.Health.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`rlsguard_partly_read_total{element="status",type="MedicationRequest"} 1`,
		`rlsguard_partly_read_total{element="code",type="Condition"} 1`,
		`rlsguard_resources_total{outcome="rejected"} 1`,
	} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("no metric %s", want)
		}
	}
	again, _, err := b.operator().Select(t.Context(), operate.DeadSelection{All: true, Rejected: true}, false)
	if err != nil || len(again) != 1 || again[0].PartlyRead() {
		t.Errorf("to be put through again: %+v, %v", again, err)
	}
}

// A letter holds as many places as its headers do, and counts the others.
func TestPlacesOfALetter(t *testing.T) {
	bad := `{"resourceType":"Bundle","type":"collection","entry":[` + strings.TrimSuffix(
		strings.Repeat(`{"resource":`+unreadOrder+`},`, 300),
		",",
	) + `]}`
	var results []fold.Result
	results = engine().NewFold(fold.NewMemory()).Add(results, 0, ptr(readInput(1, bad)))
	letters := partlyRead(results)
	if len(letters) != 1 || len(letters[0].Detail) > mostHeader || !strings.Contains(letters[0].Detail, "; and ") {
		t.Errorf(
			"%d letters, %d bytes: ...%s",
			len(letters),
			len(letters[0].Detail),
			letters[0].Detail[max(0, len(letters[0].Detail)-40):],
		)
	}
}

func ptr[T any](v T) *T { return &v }
