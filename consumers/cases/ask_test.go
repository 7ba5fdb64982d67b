package cases

import (
	"encoding/json"
	"strings"
	"testing"
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

// TestMovedDates: whole days, whatever the form; the time of day, numbers and dates to the month
// stay.
func TestMovedDates(t *testing.T) {
	in := `{"a":"2026-11-23","b":["2024-02-28T08:00:00.5+01:00"],"c":"2026-11","d":"2026-11-23 is no date","e":{"v":1.50}}`
	want := `{"a":"2026-11-25","b":["2024-03-01T08:00:00.5+01:00"],"c":"2026-11","d":"2026-11-23 is no date","e":{"v":1.50}}`
	if got := string(moveDates(json.RawMessage(in), 2)); got != want {
		t.Errorf("%s", got)
	}
}
