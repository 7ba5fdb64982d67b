package operate

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/facts"
)

const orderOf1 = `{"resourceType":"MedicationRequest","id":"a","status":"active","intent":"order",
"subject":{"reference":"Patient/1"},"medicationCodeableConcept":{"text":"sertraline"}}`

func orderWith(subject string) string {
	return `{"resourceType":"MedicationRequest","id":"b","status":"active","intent":"order","subject":` + subject + `}`
}

func bundle(entries ...string) string {
	all := ""
	for i, e := range entries {
		if i > 0 {
			all += ","
		}
		all += `{"resource":` + e + `}`
	}
	return `{"resourceType":"Bundle","type":"collection","entry":[` + all + `]}`
}

// Whom a message names, and whether it may be erased with Patient/1.
func TestWhomAMessageNames(t *testing.T) {
	const (
		other  = "names others or nobody"
		alone  = "alone"
		shared = "shared"
	)
	encoded := base64.StdEncoding.EncodeToString([]byte(orderOf1))
	for name, c := range map[string]struct{ doc, want string }{
		"an order":              {orderOf1, alone},
		"the patient":           {`{"resourceType":"Patient","id":"1","birthDate":"1980"}`, alone},
		"linked":                {`{"resourceType":"Patient","id":"1","link":[{"other":{"reference":"Patient/2"}}]}`, shared},
		"somebody else":         {orderWith(`{"reference":"Patient/2"}`), other},
		"an id that begins so":  {orderWith(`{"reference":"Patient/11"}`), other},
		"an absolute reference": {orderWith(`{"reference":"https://a.example/fhir/Patient/1"}`), alone},
		"a version":             {orderWith(`{"reference":"Patient/1/_history/3"}`), alone},
		"escaped":               {orderWith(`{"reference":"\u0050atient\/1"}`), alone},
		"both":                  {bundle(orderOf1, orderWith(`{"reference":"Patient/2"}`)), shared},
		"both, escaped":         {bundle(orderOf1, orderWith(`{"reference":"\u0050atient\/2"}`)), shared},
		"by an identifier too":  {bundle(orderOf1, orderWith(`{"identifier":{"value":"123"}}`)), shared},
		"by a name too":         {bundle(orderOf1, orderWith(`{"display":"Jane"}`)), shared},
		"by a query too":        {bundle(orderOf1, orderWith(`{"reference":"Patient?identifier=7"}`)), shared},
		"by what is not there":  {bundle(orderOf1, orderWith(`{"reference":"urn:uuid:4fd4c4a0"}`)), shared},
		"by an entry": {
			`{"resourceType":"Bundle","type":"transaction","entry":[
{"fullUrl":"urn:uuid:4fd4c4a0-0000-4000-8000-000000000000","resource":{"resourceType":"Patient","id":"1"}},
{"resource":` + orderWith(`{"reference":"urn:uuid:4fd4c4a0-0000-4000-8000-000000000000"}`) + `}]}`, alone,
		},
		"a subject given twice": {orderWith(`{"reference":"Patient/2","reference":"Patient/1"}`), shared},
		"in a narrative": {
			`{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},"text":{"div":"of Patient/2"}}`,
			shared,
		},
		"in an extension": {
			`{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},
"extension":[{"url":"x","valueReference":{"reference":"Patient/2"}}]}`, shared,
		},
		"a patient without an id":   {bundle(orderOf1, `{"resourceType":"Patient","birthDate":"1980"}`), shared},
		"a patient with a bad id":   {bundle(orderOf1, `{"resourceType":"Patient","id":7}`), shared},
		"an event":                  {`{"specversion":"1.0","id":"1","data":` + orderOf1 + `}`, alone},
		"an event with a text":      {fmt.Sprintf(`{"specversion":"1.0","data":%q}`, orderOf1), alone},
		"an event in base64":        {`{"specversion":"1.0","id":"1","data_base64":"` + encoded + `"}`, alone},
		"an event about another":    {`{"specversion":"1.0","subject":"Patient/2","data_base64":"` + encoded + `"}`, shared},
		"an event that is broken":   {`{"specversion":"1.0","id":"1","subject":"Patient/1","data_base64":"%%"}`, shared},
		"cut short":                 {orderOf1[:len(orderOf1)-1], shared},
		"no JSON":                   {"MSH|^~|Patient/1", shared},
		"no JSON, of somebody else": {"MSH|^~|Patient/2", other},
		"two values":                {orderOf1 + orderWith(`{"reference":"Patient/2"}`), shared},
		"a deletion": {
			`{"resourceType":"Bundle","type":"history",
"entry":[{"request":{"method":"DELETE","url":"MedicationRequest/mine"}}]}`, alone,
		},
		"a deletion of more": {
			`{"resourceType":"Bundle","type":"history",
"entry":[{"request":{"method":"DELETE","url":"MedicationRequest/mine"}},
{"request":{"method":"DELETE","url":"MedicationRequest/theirs"}}]}`, shared,
		},
		"withdrawn, without a subject": {
			`{"resourceType":"MedicationRequest","id":"mine","status":"entered-in-error"}`, alone,
		},
		"a Medication": {`{"resourceType":"Medication","id":"mine","code":{"text":"sertraline"}}`, other},
		"an answer": {
			`{"resourceType":"DetectedIssue","id":"x","identifier":[{"value":"8c590968-4191-89bf-b899-f2a8779a9c24"}]}`, alone,
		},
		"an answer to another flag": {
			`{"resourceType":"DetectedIssue","id":"x","identifier":[{"value":"8c590968-4191-89bf-b899-f2a8779a9c25"}]}`, other,
		},
		"nothing": {"", other},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNamer("").names([]byte(c.doc), nil)
			owned := map[facts.Ref]struct{}{"MedicationRequest/mine": {}}
			named, only := n.about("Patient/1", owned, []string{"8c590968-4191-89bf-b899-f2a8779a9c24"})
			got := other
			if named {
				got = shared
			}
			if only {
				got = alone
			}
			if got != c.want {
				t.Errorf("%s instead of %s: %v, unclear %v, resources %v", got, c.want,
					slices.Sorted(maps.Keys(n.patients)), n.unclear, slices.Sorted(maps.Keys(n.resources)))
			}
		})
	}
}

// The headers of an event in binary mode may name somebody too, and a patient of another server is
// somebody else.
func TestNamesBesideTheDocument(t *testing.T) {
	n := newNamer("").names([]byte(orderOf1), nats.Header{"ce-subject": {"Patient/2"}})
	if named, alone := n.about("Patient/1", nil, nil); !named || alone {
		t.Error("a header is passed over")
	}
	abroad := []byte(orderWith(`{"reference":"https://b.example/fhir/Patient/1"}`))
	n = newNamer("https://a.example/fhir/").names(abroad, nil)
	if named, _ := n.about("Patient/1", nil, nil); named {
		t.Errorf("somebody of another server: %v", n.patients)
	}
	home := []byte(orderWith(`{"reference":"https://a.example/fhir/Patient/1"}`))
	n = newNamer("https://a.example/fhir/").names(home, nil)
	if _, alone := n.about("Patient/1", nil, nil); !alone {
		t.Errorf("by the own server's address: %v", n.patients)
	}
}

// However somebody else is put into a message, it is never taken for one about the patient alone.
func TestOthersAreNeverErasedSilently(t *testing.T) {
	r := newNamer("")
	rapid.Check(t, func(t *rapid.T) {
		elsewhere := rapid.SampledFrom([]string{
			`{"reference":"Patient/other"}`, `{"reference":"https://x.example/Patient/other"}`, `{"display":"Jane"}`,
			`{"identifier":{"system":"s","value":"7"}}`, `{"reference":"Patient?identifier=7"}`, `{}`,
			`{"reference":"Patient\/other"}`, `{"reference":"#p"}`, `{"reference":"urn:uuid:0"}`, `{"reference":7}`,
		}).Draw(t, "subject")
		member := rapid.SampledFrom([]string{"subject", "patient"}).Draw(t, "member")
		kind := rapid.SampledFrom([]string{"MedicationRequest", "Observation", "Flag", "Condition"}).Draw(t, "type")
		theirs := `{"resourceType":"` + kind + `","id":"theirs","status":"active","` + member + `":` + elsewhere + `}`
		docs := []string{orderOf1, theirs}
		if rapid.Bool().Draw(t, "first") {
			slices.Reverse(docs)
		}
		doc := bundle(docs...)
		switch rapid.IntRange(0, 2).Draw(t, "envelope") {
		case 1:
			doc = fmt.Sprintf(`{"specversion":"1.0","id":"1","data":%q}`, doc)
		case 2:
			doc = `{"specversion":"1.0","id":"1","data_base64":"` + base64.StdEncoding.EncodeToString([]byte(doc)) + `"}`
		}
		named, alone := r.names([]byte(doc), nil).about("Patient/1", nil, nil)
		if !named || alone {
			t.Errorf("named %v, alone %v: %s", named, alone, doc)
		}
	})
}
