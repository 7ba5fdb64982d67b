package fhir

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/facts"
)

func read(tb testing.TB, doc string) []Resource { return readWith(tb, DefaultOptions(), doc) }

func readWith(tb testing.TB, o Options, doc string) (all []Resource) {
	tb.Helper()
	data := []byte(doc)
	NewReader(o).Document(data, func(r Resource) bool {
		all = append(all, r)
		return true
	})
	for i := range data {
		data[i] = 'x' // results must not live in the document
	}
	return all
}

func one(tb testing.TB, doc string) Resource {
	tb.Helper()
	all := read(tb, doc)
	if len(all) != 1 {
		tb.Fatalf("%d events, want 1: %s", len(all), doc)
	}
	return all[0]
}

// outcome says in one line what became of an event, and what could not be read.
func outcome(r Resource) string {
	switch {
	case r.Rejection != nil:
		return fmt.Sprintf("%s %s", r.Rejection.Reason, r.Rejection.Pointer)
	case r.Relevant:
		return fmt.Sprintf("%s of %s", r.Fact.Ref, r.Patient) + unreadOf(r)
	}
	return "irrelevant" + unreadOf(r)
}

func unreadOf(r Resource) (text string) {
	for _, u := range r.Unread {
		text += ", not " + u.Pointer
	}
	return text
}

func outcomes(all []Resource) (list []string) {
	for _, r := range all {
		list = append(list, outcome(r))
	}
	return list
}

const (
	order = `{"resourceType":"MedicationRequest","id":"1","status":"active","intent":"order",` +
		`"subject":{"reference":"Patient/p"}}`
	patient = `{"resourceType":"Patient","id":"p","gender":"male"}`
	visit   = `{"resourceType":"Encounter","id":"e"}`
)

func bundle(typ string, entries ...string) string {
	return `{"resourceType":"Bundle","type":"` + typ + `","entry":[` + strings.Join(entries, ",") + `]}`
}

func entryOf(resource string) string { return `{"resource":` + resource + `}` }

func TestEveryEventOfADocumentIsAccountedFor(t *testing.T) {
	cases := []struct {
		name, doc string
		want      []string
	}{
		{"a resource", order, []string{"MedicationRequest/1 of Patient/p"}},
		{
			"type last",
			`{"id":"1","subject":{"reference":"Patient/p"},"resourceType":"MedicationRequest"}`,
			[]string{"MedicationRequest/1 of Patient/p"},
		},
		{"another resource", visit, []string{"irrelevant"}},
		{"byte order mark", "\ufeff" + order, []string{"MedicationRequest/1 of Patient/p"}},
		{"empty Bundle", bundle("batch"), nil},
		{"Bundle without entry", `{"resourceType":"Bundle","type":"searchset"}`, nil},
		{"Bundle", bundle("collection", entryOf(patient), entryOf(visit), entryOf(order)),
			[]string{"Patient/p of Patient/p", "irrelevant", "MedicationRequest/1 of Patient/p"}},
		{
			"Bundle, type last",
			`{"entry":[` + entryOf(order) + `],"type":"history","resourceType":"Bundle"}`,
			[]string{"MedicationRequest/1 of Patient/p"},
		},
		{
			"bad entry",
			bundle(
				"batch",
				entryOf(order),
				`{"resource":{"resourceType":"MedicationRequest","subject":{"reference":7}}}`,
				entryOf(`{"a":1}`),
				entryOf(`7`),
				`7`,
				entryOf(order),
			),
			[]string{
				"MedicationRequest/1 of Patient/p",
				"invalid-resource /entry/1/resource/subject/reference",
				"not-fhir /entry/2/resource",
				"not-fhir /entry/3/resource",
				"invalid-resource /entry/4",
				"MedicationRequest/1 of Patient/p",
			},
		},
		{
			"entry without resource",
			bundle("batch-response", `{"response":{"status":"201"}}`, entryOf(order)),
			[]string{"irrelevant", "MedicationRequest/1 of Patient/p"},
		},
		{"unknown Bundle type", bundle("pile", entryOf(order), entryOf(order)), []string{"invalid-resource "}},
		{"no Bundle type", `{"resourceType":"Bundle","entry":[` + entryOf(order) + `]}`, []string{"invalid-resource "}},
		{"entry as object", `{"resourceType":"Bundle","type":"batch","entry":{}}`, []string{"invalid-resource /entry"}},
		{
			"Bundle in Bundle",
			bundle("message", entryOf(bundle("collection", entryOf(order), entryOf(visit)))),
			[]string{"MedicationRequest/1 of Patient/p", "irrelevant"},
		},
		{"empty Bundle in Bundle", bundle("message", entryOf(bundle("collection"))), []string{"irrelevant"}},
		{
			"Bundle in Bundle in Bundle",
			bundle("message", entryOf(order), entryOf(bundle("message", entryOf(bundle("message", entryOf(order)))))),
			[]string{"MedicationRequest/1 of Patient/p", "invalid-resource /entry/1/resource/entry/0/resource"},
		},
		{"unknown type", `{"resourceType":"Pill"}`, []string{"not-fhir "}},
		{"type is no string", `{"resourceType":7}`, []string{"not-fhir "}},
		{"type of DSTU2", `{"resourceType":"MedicationOrder","id":"1"}`, []string{"unsupported-fhir-version "}},
		{"null", `null`, []string{"not-fhir "}}, {"array", `[` + order + `]`, []string{"not-fhir "}},
		{
			"string",
			`"Patient"`,
			[]string{"not-fhir "},
		}, {"number", `1`, []string{"not-fhir "}}, {"nothing", ``, []string{"not-fhir "}},
		{"blanks", " \r\n\t", []string{"not-fhir "}}, {"empty object", `{}`, []string{"not-fhir "}},
		{
			"Parameters",
			`{"resourceType":"Parameters","parameter":[{"name":"a","resource":` + order +
				`},{"name":"b","valueString":"x"},
			{"name":"c","part":[{"name":"d","resource":{"resourceType":"Patient","active":true}},{"part":[{"resource":{"resourceType":"Condition","code":{}}}]}]}]}`,
			[]string{
				"MedicationRequest/1 of Patient/p",
				"Patient/8b28bf5207b2599ece6a02ea669cb3e3 of Patient/8b28bf5207b2599ece6a02ea669cb3e3",
				"no-patient /parameter/2/part/1/part/0/resource",
			},
		},
		{
			"Parameters without a resource",
			`{"resourceType":"Parameters","parameter":[{"name":"a"}]}`,
			[]string{"irrelevant"},
		},
		{
			"Parameters in a Bundle",
			bundle(
				"batch",
				entryOf(`{"resourceType":"Parameters","parameter":[{"resource":`+order+`}]}`),
				entryOf(visit),
			),
			[]string{"MedicationRequest/1 of Patient/p", "irrelevant"},
		},
		{
			"CDS Hooks",
			`{"hook":"order-sign","hookInstance":"1","context":{"draftOrders":` + bundle(
				"collection",
				entryOf(order),
			) + `}}`,
			[]string{"not-fhir "},
		},
		{
			"CloudEvent",
			`{"specversion":"1.0","id":"1","type":"t","source":"s","data":` + order + `}`,
			[]string{"MedicationRequest/1 of Patient/p"},
		},
		{
			"CloudEvent, data first",
			`{"data":` + bundle("batch", entryOf(order), entryOf(`{}`)) + `,"specversion":"1.0"}`,
			[]string{"MedicationRequest/1 of Patient/p", "not-fhir /data/entry/1/resource"},
		},
		{
			"CloudEvent in base64",
			`{"specversion":"1.0","data_base64":"` + base64.StdEncoding.EncodeToString(
				[]byte(bundle("batch", entryOf(order), entryOf(`{}`))),
			) + `"}`,
			[]string{"MedicationRequest/1 of Patient/p", "not-fhir /data_base64/entry/1/resource"},
		},
		{
			"CloudEvent with broken base64",
			`{"specversion":"1.0","data_base64":"%"}`,
			[]string{"unsupported-encoding /data_base64"},
		},
		{
			"CloudEvent with base64 of no JSON",
			`{"specversion":"1.0","data_base64":"` + base64.StdEncoding.EncodeToString([]byte(`{"a"`)) + `"}`,
			[]string{"invalid-json /data_base64/a"},
		},
		{"CloudEvent in base64 and more", `{"specversion":"1.0","data_base64":"e30="} x`, []string{"invalid-json "}},
		{"CloudEvent without data", `{"specversion":"1.0"}`, []string{"not-fhir "}},
		{
			"CloudEvent with two",
			`{"specversion":"1.0","data":` + order + `,"data_base64":"e30="}`,
			[]string{"not-fhir "},
		},
		{"CloudEvent with text", `{"specversion":"1.0","data":"x"}`, []string{"invalid-json /data"}},
		// The JSON format of CloudEvents 1.0.2 (3.1.2) differs, but some platforms send a JSON
		// document as a string in data.
		{
			"CloudEvent with JSON in a string",
			`{"specversion":"1.0","datacontenttype":"application/fhir+json","data":"{\"resourceType\":\"Patient\",` +
				`\"id\":\"p\",\"gender\":\"x\"}"}`,
			[]string{"Patient/p of Patient/p, not /data/gender"},
		},
		{
			"CloudEvent with a CloudEvent in a string",
			`{"specversion":"1.0","data":"{\"specversion\":\"1.0\",\"data\":{}}"}`,
			[]string{"not-fhir /data"},
		},
		{
			"CloudEvent with a broken string",
			`{"specversion":"1.0","data":"{\"resourceType\":\"Patient\",\"id\":"}`,
			[]string{"invalid-json /data/id"},
		},
		{
			"CloudEvent in a CloudEvent",
			`{"specversion":"1.0","data":{"specversion":"1.0","data":` + order + `}}`,
			[]string{"not-fhir /data"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			all := read(t, c.doc)
			if diff := cmp.Diff(c.want, outcomes(all)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for i, r := range all {
				if int(r.Entry) != i || r.Relevant && r.Fact.Version.Arrival.Entry != r.Entry {
					t.Errorf("event %d has the number %d", i, r.Entry)
				}
			}
		})
	}
}

func TestReadingEndsWhenNobodyWantsMore(t *testing.T) {
	n := 0
	NewReader(DefaultOptions()).Document([]byte(bundle("batch", entryOf(order), entryOf(order))), func(Resource) bool {
		n++
		return false
	})
	if n != 1 {
		t.Errorf("%d events after the first was refused", n)
	}
}

func TestDeletionsAreMarksOfWhatTheyName(t *testing.T) {
	del := func(url, response string) string {
		return bundle("history", `{"request":{"method":"DELETE","url":"`+url+`"}`+response+`}`)
	}
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC).UnixNano()
	cases := []struct {
		name, doc string
		want      string
		updated   int64
	}{
		{
			"relative",
			del("MedicationRequest/1", `,"response":{"status":"204","lastModified":"2026-03-01T10:00:00Z"}`),
			"MedicationRequest/1 of ",
			at,
		},
		{"absolute", del("https://h/fhir/Condition/7", ""), "Condition/7 of ", 0},
		{"conditional", del("Condition?code=1", ""), "unsupported-operation /entry/0", 0},
		{"conditional, absolute", del("https://h/fhir/Observation?code=1", ""), "unsupported-operation /entry/0", 0},
		{"conditional, of no concern", del("Encounter?date=1", ""), "irrelevant", 0},
		{"small letters", strings.Replace(del("Condition/7", ""), "DELETE", "delete", 1), "Condition/7 of ", 0},
		{"of no concern", del("Encounter/1", ""), "irrelevant", 0},
		{"no url", bundle("history", `{"request":{"method":"DELETE"}}`), "irrelevant", 0},
		{"other method", bundle("history", `{"request":{"method":"GET","url":"Condition/7"}}`), "irrelevant", 0},
		{
			"bad time",
			del("Condition/7", `,"response":{"lastModified":"yesterday"}`),
			"Condition/7 of , not /entry/0/response/lastModified",
			0,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := one(t, c.doc)
			if got := outcome(r); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if r.Relevant &&
				(r.Fact.Kind != facts.KindMark || r.Fact.Mark != facts.MarkDeleted ||
					r.Fact.Version != (facts.Version{Updated: c.updated})) {
				t.Errorf("not the mark of a deletion at %d: %+v", c.updated, r.Fact)
			}
		})
	}
}

func TestIdentity(t *testing.T) {
	cases := []struct{ name, doc, want string }{
		{"id", `{"resourceType":"Patient","id":"A-1.b","active":true}`, "Patient/A-1.b"},
		{"escaped id", `{"resourceType":"Patient","id":"\u0041","active":true}`, "Patient/A"},
		{
			"fullUrl of a transaction",
			bundle("transaction", `{"fullUrl":"urn:uuid:0a","resource":{"resourceType":"Patient","active":true}}`),
			"Patient/0a",
		},
		{
			"id before fullUrl",
			bundle(
				"transaction",
				`{"resource":{"resourceType":"Patient","id":"7","active":true},"fullUrl":"urn:uuid:0a"}`,
			),
			"Patient/7",
		},
		{
			"fullUrl of a server",
			bundle(
				"collection",
				`{"fullUrl":"http://h/Patient/8","resource":{"resourceType":"Patient","active":true}}`,
			),
			"Patient/8",
		},
		{"content", `{"resourceType":"Patient","active":true}`, "Patient/8b28bf5207b2599ece6a02ea669cb3e3"},
		{
			"content with blanks",
			" {\n \"resourceType\" : \"Patient\"\t,\n\"active\":true} ",
			"Patient/8b28bf5207b2599ece6a02ea669cb3e3",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if r := one(t, c.doc); string(r.Fact.Ref) != c.want {
				t.Errorf("known as %s, want %s (%v)", r.Fact.Ref, c.want, r.Rejection)
			}
		})
	}
	for _, id := range []string{`""`, `"a b"`, `"a_b"`, `"a/b"`, `"*"`, `">"`, `"a\u0000"`, `"a\r\nb"`, `"\u202e"`,
		`"` + strings.Repeat("a", 65) + `"`, `7`, `{}`} {
		doc := `{"resourceType":"Patient","id":` + id + `}`
		if got := outcome(one(t, doc)); got != "invalid-resource /id" {
			t.Errorf("id %s: %s", id, got)
		}
	}
}

func TestVersion(t *testing.T) {
	meta := func(m string) string { return `{"resourceType":"Patient","id":"p","gender":"male","meta":` + m + `}` }
	cases := []struct {
		meta string
		want facts.Version
	}{
		{`{}`, facts.Version{}},
		{`{"versionId":"007"}`, facts.Version{Number: "7"}},
		{`{"versionId":"000"}`, facts.Version{Number: "0"}},
		{`{"versionId":"1000000000000000000000000000000"}`, facts.Version{Number: "1000000000000000000000000000000"}},
		{`{"versionId":"W/3"}`, facts.Version{}},
		{`{"versionId":""}`, facts.Version{}},
		{`{"versionId":null,"lastUpdated":"1970-01-01T01:00:00.000000002+01:00"}`, facts.Version{Updated: 2}},
		{`{"lastUpdated":"0001-01-01T00:00:00Z"}`, facts.Version{Updated: 1}},
	}
	for _, c := range cases {
		if got := one(t, meta(c.meta)).Fact.Version; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.meta, got, c.want)
		}
	}
	for _, m := range []string{`{"lastUpdated":"2026-01-01"}`, `{"lastUpdated":"2026-01-01T10:00:00"}`,
		`{"lastUpdated":7}`} {
		if got := outcome(one(t, meta(m))); got != "Patient/p of Patient/p, not /meta/lastUpdated" {
			t.Errorf("%s: %s", m, got)
		}
	}
}

func TestVersionOfTomorrowCannotOutrankCorrections(t *testing.T) {
	o := DefaultOptions()
	o.Now = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for at, want := range map[string]string{
		"2026-05-01T23:59:59Z": "Patient/p of Patient/p",
		"2026-05-02T00:00:01Z": "invalid-resource /meta/lastUpdated",
		"9999-01-01T00:00:00Z": "invalid-resource /meta/lastUpdated",
	} {
		doc := `{"resourceType":"Patient","id":"p","gender":"male","meta":{"lastUpdated":"` + at + `"}}`
		if got := outcome(readWith(t, o, doc)[0]); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}
