package fhir

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

const ferritin = `{"coding":[{"system":"http://loinc.org","code":"2276-4"}]}`

func TestWhichObservationsMatter(t *testing.T) {
	cases := []struct{ name, more, want string }{
		{"ferritin", `,"code":` + ferritin, "Observation/1 of Patient/p"},
		{
			"ferritin by OID",
			`,"code":{"coding":[{"code":"2276-4","system":"urn:oid:2.16.840.1.113883.6.1"}]}`,
			"Observation/1 of Patient/p",
		},
		{
			"escaped",
			`,"code":{"coding":[{"system":"http:\/\/loinc.org","code":"2276\u002d4"}]}`,
			"Observation/1 of Patient/p",
		},
		{"another", `,"code":{"coding":[{"system":"http://loinc.org","code":"2339-0"}]}`, "irrelevant"},
		{"no system", `,"code":{"coding":[{"code":"2276-4"}]}`, "irrelevant"},
		{"another system", `,"code":{"coding":[{"system":"http://example.org","code":"2276-4"}]}`, "irrelevant"},
		{"text", `,"code":{"text":"Ferritin"}`, "irrelevant"},
		{
			"component",
			`,"component":[{"code":{"text":"x"}},{"code":` + ferritin + `}],"code":{"text":"panel"}`,
			"Observation/1 of Patient/p",
		},
		{"no code", ``, "Observation/1 of Patient/p"},
		{"empty code", `,"code":{}`, "Observation/1 of Patient/p"},
		{
			"absent code",
			`,"code":{"coding":[{"system":"` + codes.Absent + `","code":"unknown"}]}`,
			"Observation/1 of Patient/p",
		},
		{"bad part of another", `,"code":{"text":"x"},"issued":"never"`, "irrelevant"},
		{"bad status of another", `,"code":{"text":"x"},"status":"done"`, "irrelevant"},
		{"bad time", `,"issued":"2026-02-01","code":` + ferritin, "Observation/1 of Patient/p, not /issued"},
		{
			"two values",
			`,"code":` + ferritin + `,"valueString":"x","valueQuantity":{"value":1}`,
			"Observation/1 of Patient/p, not /valueQuantity",
		},
		{"code as text", `,"code":"2276-4"`, "Observation/1 of Patient/p, not /code"},
		{
			"code of another type, with a text",
			`,"code":{"coding":[{"code":2276}],"text":"x"}`,
			"irrelevant, not /code/coding/0/code",
		},
		{
			"blanks",
			`,"code":{"coding":[{"system":" http://loinc.org","code":" 2276-4 "}]}`,
			"Observation/1 of Patient/p",
		},
		{"with a term", `,"code":{"coding":[{"system":"LN","code":"2276-4|Ferritin|"}]}`, "Observation/1 of Patient/p"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := outcome(one(t, rx("Observation", c.more))); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestObservationWithoutOurPatient(t *testing.T) {
	cases := []struct{ subject, want string }{
		{
			`{"reference":"Group/g"}`,
			"irrelevant",
		}, {`{"reference":"Device/d"}`, "irrelevant"}, {`{"reference":"http://h/Location/d"}`, "irrelevant"},
		{`{"type":"Group","identifier":{"value":"1"}}`, "irrelevant"},
		{`{"type":"Patient","identifier":{"value":"1"}}`, "no-patient /subject"},
		{
			`{"reference":"Patient?identifier=1"}`,
			"no-patient /subject/reference",
		}, {`{"reference":"urn:uuid:1"}`, "no-patient /subject/reference"},
		{
			`{"reference":"#p"}`,
			"no-patient /subject/reference",
		}, {`{"reference":"Pateint/1"}`, "no-patient /subject/reference"},
		{`{"display":"x"}`, "no-patient /subject"}, {`{}`, "no-patient /subject"}, {`null`, "no-patient "},
		{
			`{"reference":"Patient/a_b"}`,
			"invalid-resource /subject/reference",
		}, {`"Patient/1"`, "invalid-resource /subject"}, {`{"reference":1}`, "invalid-resource /subject/reference"},
	}
	for _, c := range cases {
		doc := `{"resourceType":"Observation","id":"1","code":` + ferritin + `,"subject":` + c.subject + `}`
		if got := outcome(one(t, doc)); got != c.want {
			t.Errorf("%s: %s, want %s", c.subject, got, c.want)
		}
	}
	withdrawn := `{"resourceType":"Observation","id":"1","status":"entered-in-error"}`
	if r := one(t, withdrawn); outcome(r) != "Observation/1 of " || r.Fact.Mark != facts.MarkEnteredInError ||
		r.Fact.Version != (facts.Version{}) {
		t.Errorf("blanked: %s", outcome(r))
	}
	if got := outcome(one(t, rx("Observation",
		`,"status":"entered-in-error","code":{"text":"x"}`))); got != "irrelevant" {
		t.Errorf("another one, entered in error: %s", got)
	}
}

func TestValuesOfResults(t *testing.T) {
	absent := func(s string) facts.Value { return facts.Value{Kind: facts.AbsentValue, Text: s} }
	cases := []struct {
		more string
		want facts.Value
	}{
		{``, facts.Value{}},
		{
			`,"valueQuantity":{"value":-1.0e2,"unit":"ug/L"}`,
			facts.Value{Kind: facts.QuantityValue, Quantity: mg("-1.0e2", "ug/L")},
		},
		{
			`,"valueQuantity":{"value":1e400}`,
			facts.Value{Kind: facts.QuantityValue, Quantity: facts.Quantity{Value: "1e400"}},
		},
		{
			`,"valueQuantity":{"value":12345678901234567890123456789.0}`,
			facts.Value{Kind: facts.QuantityValue, Quantity: facts.Quantity{Value: "12345678901234567890123456789.0"}},
		},
		{`,"valueString":"low\u00e9"`, facts.Value{Kind: facts.TextValue, Text: "lowé"}},
		{
			`,"valueCodeableConcept":{"text":"low"}`,
			facts.Value{Kind: facts.CodedValue, Concept: facts.Concept{Texts: []string{"low"}}},
		},
		{`,"valueInteger":5`, facts.Value{Kind: facts.OtherValue, Text: "valueInteger"}},
		{`,"valueRange":{"low":{"value":5}}`, facts.Value{Kind: facts.OtherValue, Text: "valueRange"}},
		{`,"dataAbsentReason":{"coding":[{"system":"` + codes.Absent + `","code":"error"}]}`, absent("error")},
		{`,"dataAbsentReason":{"coding":[{"system":"http://x","code":"lost"}]}`, absent("lost")},
		{`,"dataAbsentReason":{"text":"lost"}`, absent("unknown")},
		{
			`,"valueQuantity":{"unit":"ug/L"},"dataAbsentReason":{"coding":[{"system":"` + codes.Absent +
				`","code":"error"}]}`,
			absent("error"),
		},
	}
	for _, c := range cases {
		r := one(t, rx("Observation", c.more+`,"code":`+ferritin))
		if r.Fact.Lab == nil {
			t.Errorf("%s: %s", c.more, outcome(r))
			continue
		}
		if diff := cmp.Diff(c.want, r.Fact.Lab.Value); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.more, diff)
		}
	}
	for _, bad := range []string{`{"value":"45"}`, `{"value":45,"comparator":"~"}`, `[]`, `{"value":45,"unit":7}`,
		`{"value":45,"code":true}`} {
		r := one(t, rx("Observation", `,"valueQuantity":`+bad+`,"code":`+ferritin))
		if len(r.Unread) != 1 || r.Fact.Lab == nil || r.Fact.Lab.Value.Kind != facts.UnreadValue ||
			r.Fact.Lab.Value.Quantity != (facts.Quantity{}) {
			t.Errorf("%s: %s", bad, outcome(r))
		}
	}
}

func TestPanels(t *testing.T) {
	r := one(
		t,
		rx(
			"Observation",
			`,"status":"registered","effectivePeriod":{"start":"2026-01-01"},"code":{"coding":[{"system":"http://loinc.org","code":"50190-8"}]},
		"hasMember":[{"reference":"Observation/2"},{"display":"x"},{"reference":"http://h/Observation/3/_history/1"},{"reference":"#4"}],
		"contained":[{"resourceType":"Specimen","id":"s"}],"specimen":{"reference":"#s"},
		"component":[{"code":`+ferritin+
				`,"valueString":"x"},{"code":{"coding":[{"system":"http://loinc.org","code":"2339-0"}]},"valueQuantity":{"value":"bad, but of no concern"}},
			{"dataAbsentReason":{"coding":[{"system":"`+codes.Absent+
				`","code":"masked"}]},"code":{"coding":[{"code":"2498-4","system":"http://loinc.org"}]}}]`,
		),
	)
	want := &facts.LabResult{
		Status:    facts.LabRegistered,
		Loincs:    []string{"50190-8"},
		Effective: facts.Period{Start: at("2026-01-01")},
		Members:   []facts.Ref{"Observation/2", "Observation/3", "Observation/1#4"},
		Specimen:  "Observation/1#s",
		Components: []facts.Component{
			{Loincs: []string{"2276-4"}, Value: facts.Value{Kind: facts.TextValue, Text: "x"}},
			{Loincs: []string{"2498-4"}, Value: facts.Value{Kind: facts.AbsentValue, Text: "masked"}},
		},
	}
	if diff := cmp.Diff(want, r.Fact.Lab); diff != "" {
		t.Errorf("%s (-want +got):\n%s", outcome(r), diff)
	}
}

func TestLabStatuses(t *testing.T) {
	for code, want := range map[string]facts.LabStatus{"final": facts.LabFinal, "amended": facts.LabFinal,
		"corrected": facts.LabFinal, "preliminary": facts.LabPreliminary,
		"registered": facts.LabRegistered, "cancelled": facts.LabCancelled, "unknown": facts.LabUnknown} {
		r := one(t, rx("Observation", `,"status":"`+code+`","code":`+ferritin))
		if r.Fact.Lab == nil || r.Fact.Lab.Status != want {
			t.Errorf("%s: %s", code, outcome(r))
		}
	}
}
