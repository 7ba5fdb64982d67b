package fhir

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/fhir/issue"
)

func TestSubjectsOfAllForms(t *testing.T) {
	about := func(ref string) string {
		return `{"resourceType":"Condition","id":"c","subject":{"reference":"` + ref + `"}}`
	}
	for ref, want := range map[string]string{
		"Patient/p": "Patient/p", "Patient/p/_history/3": "Patient/p", "http://h/fhir/Patient/p": "Patient/p",
		"https://h:80/a/b/Patient/p/_history/3": "Patient/p",
		`http:\/\/h\/Patient\/p`:                "Patient/p", "Patient/": "", "Patient": "", "/Patient/p": "",
		"patient/p": "", "Patient/p/x": "", "http://h/x/p": "", "": "", "file:///etc/Patient/p": "Patient/p",
	} {
		if got := string(one(t, about(ref)).Patient); got != want {
			t.Errorf("%s: about %q, want %q", ref, got, want)
		}
	}
}

func TestReferencesWithinABundle(t *testing.T) {
	entry := func(url, resource string) string { return `{"fullUrl":"` + url + `","resource":` + resource + `}` }
	about := func(ref string) string {
		return entryOf(`{"resourceType":"Condition","id":"c","subject":{"reference":"` + ref + `"}}`)
	}
	cases := []struct {
		name, doc string
		want      []string
	}{
		{
			"urn to id",
			bundle("transaction", about("urn:uuid:a"), entry("urn:uuid:a", patient)),
			[]string{"Condition/c of Patient/p", "Patient/p of Patient/p"},
		},
		{
			"urn to urn",
			bundle("transaction", entry("urn:uuid:a", `{"resourceType":"Patient","active":true}`), about("urn:uuid:a")),
			[]string{"Patient/a of Patient/a", "Condition/c of Patient/a"},
		},
		{
			"urn in another case",
			bundle("transaction", about("URN:UUID:0A-B"), entry("urn:uuid:0a-b", patient)),
			[]string{"Condition/c of Patient/p", "Patient/p of Patient/p"},
		},
		{
			"urn to nothing but type and id",
			bundle("transaction", entry("urn:uuid:a", `{"resourceType":"Patient"}`), about("urn:uuid:a")),
			[]string{"irrelevant", "Condition/c of Patient/a"},
		},
		{
			"urn of an OID",
			bundle("transaction", entry("urn:oid:1.2", patient), about("urn:oid:1.2")),
			[]string{"Patient/p of Patient/p", "Condition/c of Patient/p"},
		},
		{
			"absolute",
			bundle("collection", entry("http://x/y", patient), about("http://x/y")),
			[]string{"Patient/p of Patient/p", "Condition/c of Patient/p"},
		},
		{
			"fullUrl after the resource",
			bundle("batch", about("urn:uuid:a"), `{"resource":`+patient+`,"fullUrl":"urn:uuid:a"}`),
			[]string{"Condition/c of Patient/p", "Patient/p of Patient/p"},
		},
		{
			"to another type",
			bundle("batch", about("urn:uuid:a"), entry("urn:uuid:a", `{"resourceType":"Group","id":"g"}`)),
			[]string{"irrelevant", "irrelevant"},
		},
		{
			"to nothing",
			bundle("batch", about("urn:uuid:b"), entry("urn:uuid:a", patient)),
			[]string{"no-patient /entry/0/resource/subject/reference", "Patient/p of Patient/p"},
		},
		{
			"to a bad id",
			bundle("batch", about("urn:uuid:a"), entry("urn:uuid:a", `{"resourceType":"Patient","id":"_"}`)),
			[]string{"no-patient /entry/0/resource/subject/reference", "invalid-resource /entry/1/resource/id"},
		},
		{
			"another Bundle",
			bundle("message", entry("urn:uuid:a", patient), entryOf(bundle("batch", about("urn:uuid:a")))),
			[]string{"Patient/p of Patient/p", "no-patient /entry/1/resource/entry/0/resource/subject/reference"},
		},
		{
			"no Bundle",
			`{"resourceType":"Condition","subject":{"reference":"urn:uuid:a"}}`,
			[]string{"no-patient /subject/reference"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, outcomes(read(t, c.doc))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBaseOfTheOwnServer(t *testing.T) {
	o := DefaultOptions()
	o.Base = "https://own/fhir"
	doc := func(url, ref string) string {
		return bundle(
			"collection",
			`{"fullUrl":"`+url+`","resource":{"resourceType":"Condition","id":"c","subject":{"reference":"`+ref+`"}}}`,
		)
	}
	for _, c := range []struct{ url, ref, want string }{
		{"https://own/fhir/Condition/c", "Patient/p", "Condition/c of Patient/p"},
		{"https://own/fhir/Condition/c", "https://own/fhir/Patient/p", "Condition/c of Patient/p"},
		{"https://own/fhir/Condition/c", "https://other/fhir/Patient/p", "Condition/c of https://other/fhir/Patient/p"},
		{"https://other/fhir/Condition/c", "Patient/p",
			"https://other/fhir/Condition/c of https://other/fhir/Patient/p"},
		{"https://other/fhir/Condition/c", "https://own/fhir/Patient/p", "https://other/fhir/Condition/c of Patient/p"},
		{"urn:uuid:1", "Patient/p", "Condition/c of Patient/p"},
	} {
		if got := strings.Join(outcomes(readWith(t, o, doc(c.url, c.ref))), " "); got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.url, c.ref, got, c.want)
		}
	}
}

func TestShapesOfOtherVersionsAreNotGuessedAt(t *testing.T) {
	for doc, where := range map[string]string{
		`{"resourceType":"MedicationOrder",` +
			`"id":"1"}`: "",
		`{"resourceType":"DiagnosticOrder"}`:      "",
		`{"resourceType":"RequestOrchestration"}`: "",
		rx("MedicationRequest", `,`+
			`"medication":{"concept":{"text":"x"}}`): "/medication",
		rx("MedicationRequest", `,`+
			`"reason":[{"concept":{"text":"x"}}]`): "/reason",
		rx("MedicationRequest", `,`+
			`"context":{"reference":"Encounter/1"}`): "/context",
		rx("MedicationRequest", `,`+
			`"requester":{"agent":{"reference":"Practitioner/1"}}`): "/requester/agent",
		rx("MedicationRequest", `,`+
			`"dosageInstruction":[{"doseQuantity":{"value":1}}]`): "/dosageInstruction/0/doseQuantity",
		rx("MedicationRequest", `,`+
			`"dosageInstruction":[{"maxDosePerPeriod":[{}]}]`): "/dosageInstruction/0/maxDosePerPeriod",
		rx("MedicationRequest", `,`+
			`"dosageInstruction":[{"asNeededFor":[{"text":"x"}]}]`): "/dosageInstruction/0/asNeededFor",
		rx("MedicationDispense", `,`+
			`"notDone":false`): "/notDone",
		rx("MedicationDispense", `,`+
			`"medication":{"reference":{"reference":"Medication/1"}}`): "/medication",
		rx("MedicationStatement", `,`+
			`"taken":"y"`): "/taken",
		`{"resourceType":"MedicationStatement","patient":{"reference":"Patient/p"},` +
			`"wasNotTaken":false}`: "/patient",
		rx("MedicationStatement", `,"medication":{"concept":{"text":"x"}},`+
			`"status":"recorded"`): "/medication",
		rx("Condition", `,`+
			`"clinicalStatus":"active"`): "/clinicalStatus",
		rx("Condition", `,`+
			`"assertedDate":"2017-01-01"`): "/assertedDate",
		`{"resourceType":"Condition","patient":{"reference":"Patient/p"},` +
			`"dateRecorded":"2015-01-01"}`: "/patient",
		rx("Observation", `,"related":[{"target":{"reference":"Observation/2"}}],`+
			`"code":{"text":"x"}`): "/related",
		rx("Observation", `,"comment":"x","code":`+
			ferritin): "/comment",
		rx("Observation", `,"interpretation":{"text":"low"},"code":`+
			ferritin): "/interpretation",
		rx("Observation", `,"category":{"text":"lab"},"code":`+
			ferritin): "/category",
		`{"resourceType":"Medication","id":"m",` +
			`"product":{"form":{"text":"x"}}}`: "/product",
		`{"resourceType":"Medication","id":"m",` +
			`"isBrand":false}`: "/isBrand",
		`{"resourceType":"Medication","id":"m",` +
			`"ingredient":[{"item":{"concept":{"text":"x"}}}]}`: "/ingredient/0/item",
		rx("MedicationRequest", `,"contained":[{"resourceType":"Medication","id":"m","ingredient":[{"item":{}}]}],`+
			`"medicationReference":{"reference":"#m"}`): "/contained/0/ingredient/0/item",
	} {
		if got := outcome(one(t, doc)); got != "unsupported-fhir-version "+where {
			t.Errorf("%s: %s, want it at %s", doc, got, where)
		}
	}
	same := rx(
		"MedicationRequest",
		`,"status":"active","intent":"order","medicationCodeableConcept":{"text":"x"},"authoredOn":"2017-01-01","requester":{"reference":"Practitioner/1"},
		"meta":{"profile":["http://hl7.org/fhir/STU3/StructureDefinition/MedicationRequest"]}`,
	)
	if got := outcome(one(t, same)); got != "MedicationRequest/1 of Patient/p" {
		t.Errorf("a shape that R4 shares: %s", got)
	}
}

func TestAcknowledgements(t *testing.T) {
	answer := func(more string) string {
		return `{"resourceType":"DetectedIssue","id":"a","status":"final","patient":{"reference":"Patient/p"}` + more +
			`}`
	}
	id := `,"identifier":[{"system":"urn:x","value":"9"},{"system":"` + issue.FlagIDSystem + `","value":"f1"}]`
	for more, want := range map[string]string{
		id + `,"mitigation":[{"action":{"text":"seen"}}]`: "DetectedIssue/a of Patient/p", id: "irrelevant",
		id + `,"mitigation":[]`:                                            "irrelevant",
		`,"mitigation":[{"action":{"text":"seen"}}]`:                       "irrelevant",
		`,"identifier":[{"system":"urn:x","value":"9"}],"mitigation":[{}]`: "irrelevant",
		id + `,"mitigation":[{"date":"soon"}]`: "DetectedIssue/a of Patient/p, not " +
			"/mitigation/0/date",
	} {
		if got := outcome(one(t, answer(more))); got != want {
			t.Errorf("%s: %s, want %s", more, got, want)
		}
	}
	r := one(
		t,
		answer(
			id+`,"extension":[{"url":"`+issue.ExtBasis+
				`","valueString":"b1"}],"mitigation":[{"action":{"coding":[{"code":"benefit-outweighs-risk"}]},
		"date":"2026-05-01","author":{"reference":"Practitioner/d"},"extension":[{"url":"`+issue.ExtUntil+
				`","valueDateTime":"2026-08-01"}]}]`,
		),
	)
	a := r.Fact.Acknowledgement
	if a == nil || a.FlagID != "f1" || a.Basis != "b1" || !a.Override || a.Reason != "benefit-outweighs-risk" ||
		a.Author != "Practitioner/d" ||
		a.Date != at("2026-05-01") ||
		a.Until != at("2026-08-01") {
		t.Errorf("%s: %+v", outcome(r), a)
	}
	if a := one(t, answer(id+`,`+
		`"mitigation":[{"action":{"coding":[{"code":"noted"}]}}]`)).Fact.Acknowledgement; a == nil ||
		a.Override {
		t.Errorf("noted: %+v", a)
	}
	if r := one(t, strings.Replace(answer(id+`,"mitigation":[{}]`), "final", "entered-in-error",
		1)); r.Fact.Mark == 0 ||
		!r.Relevant {
		t.Errorf("withdrawn: %s", outcome(r))
	}
}
