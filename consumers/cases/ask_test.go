package cases

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// stub is a service of somebody else that knows one rule: sertraline beside restless legs.
func stub(t *testing.T, hook string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cds-services", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).
			Encode(map[string]any{"services": []map[string]any{{"hook": hook, "id": "legs", "prefetch": map[string]string{
				"problems": "Condition?patient={{context.patientId}}", "meds": "MedicationRequest?patient={{context.patientId}}&status=active",
			}}}})
	})
	mux.HandleFunc("POST /cds-services/legs", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var in struct {
			Hook     string
			Context  struct{ DraftOrders json.RawMessage }
			Prefetch struct{ Problems, Meds json.RawMessage }
		}
		if r.Header.Get("Authorization") != "Bearer secret" || json.Unmarshal(body, &in) != nil || in.Hook != hook {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		cards := []map[string]any{
			{"summary": "Have a nice day", "indicator": "info", "source": map[string]string{"label": "stub"}},
		}
		orders := string(in.Context.DraftOrders) + string(in.Prefetch.Meds)
		if strings.Contains(orders, "sertraline") && strings.Contains(string(in.Prefetch.Problems), "G25.81") {
			cards = append(
				cards,
				map[string]any{
					"summary":   "Restless legs: taking sertraline",
					"indicator": "warning",
					"source":    map[string]string{"label": "stub"},
				},
			)
		}
		json.NewEncoder(w).Encode(map[string]any{"cards": cards})
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

const oneRule = `
cards:
  - {check: rls-ssri, summary: '^Restless legs', ingredient: 'taking (\w+)'}
`

const stubCases = "-- ssri/expected.tsv --\npatient\tcheck\tingredient\tseverity\n1\trls-ssri\tsertraline\tmoderate\n-- ssri/a.ndjson --\n" + rls + "\n" + sertraline + "\n" +
	"-- quiet/expected.tsv --\npatient\tcheck\tseverity\n-- quiet/a.ndjson --\n" + sertraline + "\n" +
	"-- iron/expected.tsv --\npatient\tcheck\tseverity\n1\tiron-labs-missing\tmoderate\n-- iron/a.ndjson --\n" + rls + "\n" + gabapentin + "\n" +
	"-- versions/expected.tsv --\npatient\tcheck\tseverity\n-- versions/a.ndjson --\n" + rls + "\n" + sertraline + "\n" + `{"resourceType":"MedicationRequest","id":"m","status":"stopped"}` + "\n" +
	"-- deleted/expected.tsv --\npatient\tcheck\tseverity\n-- deleted/a.json --\n" + `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Condition/c"}}]}` + "\n" +
	"-- rejected/rejected.tsv --\nreason\ninvalid-json\n-- rejected/a.json --\n{\n"

// TestStubHoldsItsRule: a service that knows one rule holds that rule's cases, fails those of
// others, and what no request can hold is told with the reason.
func TestStubHoldsItsRule(t *testing.T) {
	m, err := ReadMapping([]byte(oneRule))
	if err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{patientView, orderSign} {
		service := &CDS{
			URL:     stub(t, hook).URL + "/cds-services/",
			Token:   "secret",
			Mapping: m,
			Client:  http.DefaultClient,
		}
		if err := service.Open(context.Background()); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, c := range archive(t, stubCases) {
			g, why, err := c.RunVia(context.Background(), service, asOf)
			switch {
			case err != nil:
				t.Fatalf("%s: %v", c.Name, err)
			case why != "":
				got[c.Name] = why
			case len(c.Compare(g)) > 0:
				got[c.Name] = "differs: " + c.Compare(g)[0].Why
			default:
				got[c.Name] = "holds"
			}
		}
		for name, want := range map[string]string{
			"ssri": "holds", "quiet": "holds", "iron": "differs: beside its flags the service said: Have a nice day", "versions": "several versions of a MedicationRequest", "deleted": "a DELETE", "rejected": "what is rejected",
		} {
			if !strings.Contains(got[name], want) {
				t.Errorf("%s, %s: %q, want %q", hook, name, got[name], want)
			}
		}
	}
}

// TestServiceErrors: a service that refuses, or answers nonsense, is no service without flags.
func TestServiceErrors(t *testing.T) {
	c := archive(t, stubCases)[2]
	for name, s := range map[string]*CDS{"no token": {URL: stub(t, patientView).URL}, "no such hook": {URL: stub(t, "encounter-start").URL}} {
		s.Client = http.DefaultClient
		err := s.Open(context.Background())
		if err == nil {
			_, _, err = c.RunVia(context.Background(), s, asOf)
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestMappingFaults(t *testing.T) {
	for text, want := range map[string]string{
		"cards: []":                                         "no rule",
		"cards: [{summary: x}]":                             "cards[0]: no check",
		"cards: [{check: x}]":                               "cards[0]: no pattern",
		"cards: [{check: x, summary: '('}]":                 "missing closing",
		"cards: [{check: x, sumary: y}]":                    "sumary",
		"cards: [{check: x, summary: y, severity: severe}]": `severity "severe"`,
	} {
		if _, err := ReadMapping([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestAnyIngredient: a card that does not say the drug stands for one that is expected, and only
// once.
func TestAnyIngredient(t *testing.T) {
	c := &Case{
		Want: Want{
			Rejected: map[string]int{},
			Flags: []Flag{
				{"Patient/1", "rls-ssri", "citalopram", "low"},
				{"Patient/1", "rls-ssri", "sertraline", "moderate"},
			},
		},
	}
	g := &Got{
		Flags: []Flag{
			{"Patient/1", "rls-ssri", AnyIngredient, "moderate"},
			{"Patient/1", "rls-ssri", "citalopram", "low"},
			{"Patient/1", "rls-snri", AnyIngredient, "low"},
		},
	}
	c.nameIngredients(g)
	d := c.compareFlags(g)
	if len(d) != 1 || d[0].Kind != "unexpected" || !strings.Contains(d[0].Text, "rls-snri (*)") {
		t.Errorf("%v", d)
	}
}

// TestQuestions: local references become those of a type, equal repetitions fall together, and an
// event is opened.
func TestQuestions(t *testing.T) {
	condition := strings.Replace(rls, `"Patient/1"`, `"urn:uuid:p"`, 1)
	c := archive(t, "-- x/expected.tsv --\npatient\tcheck\tseverity\n-- x/a.json --\n"+
		`{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","id":"1"}},{"resource":`+condition+`}]}`+
		"\n-- x/b.ndjson --\n"+sertraline+"\n"+sertraline+"\n"+`{"specversion":"1.0","id":"e","data":`+gabapentin+"}\n")[0]
	qs, why, err := c.Questions()
	if err != nil || why != "" || len(qs) != 1 || qs[0].Patient != "Patient/1" || len(qs[0].Resources) != 4 {
		t.Fatalf("%+v %s %v", qs, why, err)
	}
	if r := qs[0].Resources[1]; r.Type != "Condition" || !strings.Contains(string(r.JSON), `"Patient/1"`) {
		t.Errorf("%s", r.JSON)
	}
}

// TestMovedDates: whole days, whatever the form; the time of day, numbers and dates to the month stay.
func TestMovedDates(t *testing.T) {
	in := `{"a":"2026-11-23","b":["2024-02-28T08:00:00.5+01:00"],"c":"2026-11","d":"2026-11-23 is no date","e":{"v":1.50}}`
	want := `{"a":"2026-11-25","b":["2024-03-01T08:00:00.5+01:00"],"c":"2026-11","d":"2026-11-23 is no date","e":{"v":1.50}}`
	if got := string(moveDates(json.RawMessage(in), 2)); got != want {
		t.Errorf("%s", got)
	}
}
