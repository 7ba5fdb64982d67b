package cases

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestAnyIngredient: a card that does not name the drug stands for one that is expected, once.
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

// TestQuestions: local references get a type, identical repetitions merge, and events are
// unwrapped.
func TestQuestions(t *testing.T) {
	condition := strings.Replace(rls, `"Patient/1"`, `"urn:uuid:p"`, 1)
	c := archive(t, "-- x/expected.tsv --\npatient\tcheck\tseverity\n-- x/a.json --\n"+
		`{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","id":"1"}},{"resource":`+condition+`}]}`+
		"\n-- x/b.ndjson --\n"+sertraline+"\n"+sertraline+"\n"+`{"specversion":"1.0","id":"e","data":`+gabapentin+"}\n")[0]
	qs, why, err := c.questions()
	if err != nil || why != "" || len(qs) != 1 || qs[0].Patient != "Patient/1" || len(qs[0].Resources) != 4 {
		t.Fatalf("%+v %s %v", qs, why, err)
	}
	if r := qs[0].Resources[1]; r.Type != "Condition" || !strings.Contains(string(r.JSON), `"Patient/1"`) {
		t.Errorf("%s", r.JSON)
	}
}

// servedAt is a service that decides as of a time.
type servedAt time.Time

func (s servedAt) Ask(context.Context, *Question) (*Answer, error) {
	return &Answer{AsOf: time.Time(s)}, nil
}

// TestServedDay: a case that states a day, or nothing, is about that day; one that states a time is
// about that time. What is not compared says the way out.
func TestServedDay(t *testing.T) {
	preset := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for _, tc := range []struct{ stated, served, way string }{
		{"", "2026-11-23T23:59:59Z", ""},
		{"", "2026-11-24T00:00:00Z",
			"serve --as-of 2026-11-23T08:00:00Z, or test with --as-of 2026-11-24T00:00:00Z"},
		{"2026-11-23", "2026-11-23T08:00:00Z", ""},
		{"2026-11-22", "2026-11-23T08:00:00Z", "or state as-of 2026-11-23T08:00:00Z in the case"},
		{"2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z", ""},
		{"2026-11-23T08:00:00Z", "2026-11-23T23:59:59Z", "serve --as-of 2026-11-23T08:00:00Z"},
	} {
		c := archive(t, "-- x/expected.tsv --\npatient\tcheck\tseverity\n-- x/a.ndjson --\n"+sertraline+"\n")[0]
		c.AsOf = tc.stated
		served, err := time.Parse(time.RFC3339, tc.served)
		if err != nil {
			t.Fatal(err)
		}
		g, why, err := c.RunVia(t.Context(), servedAt(served), preset)
		switch {
		case err != nil || (why == "") != (tc.way == "") || !strings.Contains(why, tc.way):
			t.Errorf("%+v: %s, %v", tc, why, err)
		case why == "" && !g.AsOf.Equal(served):
			t.Errorf("%+v: compared as of %s", tc, g.AsOf)
		}
	}
}

// TestMovedDates: whole days, whatever the form; the time of day, numbers and dates to the month
// stay.
func TestMovedDates(t *testing.T) {
	in := `{"a":"2026-11-23","b":["2024-02-28T08:00:00.5+01:00"],"c":"2026-11","d":"2026-11-23 is no date","e":{"v":1.50}}`
	want := `{"a":"2026-11-25","b":["2024-03-01T08:00:00.5+01:00"],"c":"2026-11","d":"2026-11-23 is no date","e":{"v":1.50}}`
	if got := string(moveDates(json.RawMessage(in), 2)); got != want {
		t.Errorf("%s", got)
	}
}
