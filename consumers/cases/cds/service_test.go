package cds

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rlsguard/rlsguard/consumers/cases"
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

const (
	rls = `{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},` +
		`"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"G25.81"}]}}`
	sertraline = `{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",` +
		`"subject":{"reference":"Patient/1"},"medicationCodeableConcept":{"text":"sertraline 50 mg tablet"},` +
		`"authoredOn":"2026-11-01"}`
	gabapentin = `{"resourceType":"MedicationRequest","id":"g","status":"active","intent":"order",` +
		`"subject":{"reference":"Patient/1"},"medicationCodeableConcept":{"text":"gabapentin 300 mg capsule"},` +
		`"authoredOn":"2026-11-01"}`
)

// archive writes the files of a txtar archive and loads the cases in them.
func archive(t *testing.T, text string) []*cases.Case {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(text)).Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, _, err := cases.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// stub is a foreign service that knows one rule: sertraline with restless legs.
func stub(t *testing.T, hook string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cds-services", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).
			Encode(
				map[string]any{"services": []map[string]any{{"hook": hook, "id": "legs", "prefetch": map[string]string{
					"problems": "Condition?patient={{context.patientId}}",
					"meds":     "MedicationRequest?patient={{context.patientId}}&status=active",
				}}}},
			)
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

const stubCases = "-- ssri/expected.tsv " +
	"--\npatient\tcheck\tingredient\tseverity\n1\trls-ssri\tsertraline\tmoderate\n-- ssri/a.ndjson --\n" + rls + "\n" +
	sertraline + "\n" +
	"-- quiet/expected.tsv --\npatient\tcheck\tseverity\n-- quiet/a.ndjson --\n" + sertraline + "\n" +
	"-- iron/expected.tsv --\npatient\tcheck\tseverity\n1\tiron-labs-missing\tmoderate\n-- iron/a.ndjson --\n" + rls +
	"\n" + gabapentin + "\n" +
	"-- versions/expected.tsv --\npatient\tcheck\tseverity\n-- versions/a.ndjson --\n" + rls + "\n" + sertraline +
	"\n" + `{"resourceType":"MedicationRequest","id":"m","status":"stopped"}` + "\n" +
	"-- deleted/expected.tsv --\npatient\tcheck\tseverity\n-- deleted/a.json --\n" +
	`{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Condition/c"}}]}` +
	"\n" +
	"-- rejected/rejected.tsv --\nreason\ninvalid-json\n-- rejected/a.json --\n{\n"

// TestStubHoldsItsRule: a service that knows one rule passes that rule's cases, fails those of
// others, and is not asked what no request can hold, with the reason given.
func TestStubHoldsItsRule(t *testing.T) {
	m, err := ReadMapping([]byte(oneRule))
	if err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{patientView, orderSign} {
		service := &Service{
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
			"ssri": "holds", "quiet": "holds", "iron": "differs: beside its flags the service said: Have a nice day",
			"versions": "several versions of a MedicationRequest", "deleted": "a DELETE",
			"rejected": "what is rejected",
		} {
			if !strings.Contains(got[name], want) {
				t.Errorf("%s, %s: %q, want %q", hook, name, got[name], want)
			}
		}
	}
}

// TestServiceErrors: a service that refuses, or answers nonsense, does not count as one without
// flags.
func TestServiceErrors(t *testing.T) {
	c := archive(t, stubCases)[2]
	for name, s := range map[string]*Service{"no token": {URL: stub(t, patientView).URL},
		"no such hook": {URL: stub(t, "encounter-start").URL}} {
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
