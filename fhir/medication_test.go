package fhir

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// rx is a resource of the type with a patient and more properties.
func rx(typ, more string) string {
	return `{"resourceType":"` + typ + `","id":"1","subject":{"reference":"Patient/p"}` + more + `}`
}

func orderOf(t *testing.T, doc string) *facts.Order {
	t.Helper()
	r := one(t, doc)
	if r.Fact.Order == nil {
		t.Fatalf("no order: %s\n%s", outcome(r), doc)
	}
	return r.Fact.Order
}

func TestOrderStatuses(t *testing.T) {
	for typ, statuses := range map[string]map[string]facts.OrderStatus{
		"MedicationRequest": {"active": facts.StatusActive, "on-hold": facts.StatusOnHold,
			"cancelled": facts.StatusCancelled, "completed": facts.StatusCompleted,
			"stopped": facts.StatusStopped, "draft": facts.StatusDraft, "unknown": facts.StatusUnknown},
		"MedicationDispense": {"preparation": facts.StatusInProgress, "in-progress": facts.StatusInProgress,
			"cancelled": facts.StatusCancelled,
			"on-hold":   facts.StatusOnHold, "completed": facts.StatusCompleted, "stopped": facts.StatusStopped,
			"declined": facts.StatusCancelled, "unknown": facts.StatusUnknown},
		"MedicationStatement": {"active": facts.StatusActive, "completed": facts.StatusCompleted,
			"intended": facts.StatusDraft, "stopped": facts.StatusStopped,
			"on-hold": facts.StatusOnHold, "unknown": facts.StatusUnknown, "not-taken": facts.StatusNotTaken},
	} {
		for code, want := range statuses {
			if got := orderOf(t, rx(typ, `,"status":"`+code+`"`)).Status; got != want {
				t.Errorf("%s %s: %d, want %d", typ, code, got, want)
			}
		}
		if got := orderOf(t, rx(typ, "")).Status; got != facts.StatusUnknown {
			t.Errorf("%s without status: %d", typ, got)
		}
		r := one(t, rx(typ, `,"status":"entered-in-error","dosage":7`))
		if r.Fact.Mark != facts.MarkEnteredInError || r.Fact.Kind != facts.KindMark || r.Patient != "Patient/p" ||
			!r.Relevant {
			t.Errorf("%s entered in error: %+v", typ, r)
		}
		for _, folded := range []string{"Completed", "STOPPED ", " on-hold"} {
			if got := orderOf(t, rx(typ, `,"status":"`+folded+
				`"`)).Status; got != statuses[strings.ToLower(strings.TrimSpace(folded))] {
				t.Errorf("%s status %q: %d", typ, folded, got)
			}
		}
		for _, bad := range []string{`"running"`, `""`, `"preparing"`, `7`, `{}`} {
			if got := outcome(one(t, rx(typ, `,"status":`+bad))); got != typ+"/1 of Patient/p, not /status" {
				t.Errorf("%s status %s: %s", typ, bad, got)
			}
		}
	}
	for _, pair := range []string{"MedicationRequest intended", "MedicationDispense active", "MedicationDispense draft",
		"MedicationStatement draft"} {
		typ, code, _ := strings.Cut(pair, " ")
		if got := outcome(one(t, rx(typ, `,"status":"`+code+`"`))); got != typ+"/1 of Patient/p, not /status" {
			t.Errorf("%s: %s", pair, got)
		}
	}
}

func TestIntents(t *testing.T) {
	for code, want := range map[string]facts.Intent{"order": facts.IntentOrder, "original-order": facts.IntentOrder,
		"reflex-order": facts.IntentOrder,
		"filler-order": facts.IntentOrder, "instance-order": facts.IntentOrder, "proposal": facts.IntentProposal,
		"plan": facts.IntentPlan, "option": facts.IntentOption} {
		if got := orderOf(t, rx("MedicationRequest", `,"intent":"`+code+`"`)).Intent; got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
	if got := outcome(one(t, rx("MedicationRequest", `,"intent":"directive"`))); got != "MedicationRequest/1 of "+
		"Patient/p, not /intent" {
		t.Error(got)
	}
}

func TestDrugOfAnOrder(t *testing.T) {
	code := func(s string) []codes.Coding { return []codes.Coding{{System: codes.RxNorm, Code: s}} }
	concept := func(c string) string { return `{"coding":[{"system":"` + codes.RxNorm + `","code":"` + c + `"}]}` }
	med := func(id, more string) string { return `{"resourceType":"Medication","id":"` + id + `"` + more + `}` }
	inside := func(ref string, contained ...string) string {
		return `,"medicationReference":{"reference":"` + ref + `"},"contained":[` + strings.Join(contained, ",") + `]`
	}
	absent := `[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]`
	cases := []struct {
		name, more string
		want       facts.Order
	}{
		{"none", ``, facts.Order{NoMedication: true}},
		{"empty", `,"medicationCodeableConcept":{}`, facts.Order{}},
		{"code", `,"medicationCodeableConcept":` + concept("1"), facts.Order{Drug: facts.Drug{Codings: code("1")}}},
		{
			"system by OID",
			`,"medicationCodeableConcept":{"coding":[{"system":"urn:oid:2.16.840.1.113883.6.88","code":"1"}]}`,
			facts.Order{Drug: facts.Drug{Codings: code("1")}},
		},
		{
			"no system",
			`,"medicationCodeableConcept":{"coding":[{"code":"1","display":"A"},{"display":"B"}],"text":" A "}`,
			facts.Order{Drug: facts.Drug{Names: []string{"A", "B"}}},
		},
		{
			"absent by extension",
			`,"medicationCodeableConcept":{"extension":` + absent + `}`,
			facts.Order{Drug: facts.Drug{Absent: true}},
		},
		{
			"absent beside",
			`,"_medicationCodeableConcept":{"extension":` + absent + `}`,
			facts.Order{Drug: facts.Drug{Absent: true}},
		},
		{
			"absent code",
			`,"medicationCodeableConcept":{"coding":[{"system":"x","_code":{"extension":` + absent + `}}]}`,
			facts.Order{Drug: facts.Drug{Absent: true}},
		},
		{
			"absent by coding",
			`,"medicationCodeableConcept":{"coding":[{"system":"` + codes.Absent +
				`","code":"unknown","display":"Unknown"}]}`,
			facts.Order{Drug: facts.Drug{Absent: true}},
		},
		{
			"null flavour",
			`,"medicationCodeableConcept":{"coding":[{"system":"` + codes.NullFlav + `","code":"UNK"}],"text":"ask"}`,
			facts.Order{Drug: facts.Drug{Absent: true, Names: []string{"ask"}}},
		},
		{
			"reference",
			`,"medicationReference":{"reference":"Medication/m","display":"A"}`,
			facts.Order{MedicationRef: "Medication/m", Drug: facts.Drug{Names: []string{"A"}}},
		},
		{
			"identifier",
			`,"medicationReference":{"identifier":{"value":"1"},"display":"A"}`,
			facts.Order{Drug: facts.Drug{Names: []string{"A"}}},
		},
		{"urn", `,"medicationReference":{"reference":"urn:uuid:7"}`, facts.Order{MedicationRef: "urn:uuid:7"}},
		{"impossible id", `,"medicationReference":{"reference":"Medication/a b"}`, facts.Order{MedicationRef: "#"}},
		{"contained", inside("#m", med("m", `,"code":`+concept("2")+`,"form":{"text":"Tablet"}`)),
			facts.Order{Drug: facts.Drug{Codings: code("2"), Forms: []codes.Coding{{Display: "Tablet"}}}}},
		{"contained, missing", inside("#n", med("m", "")), facts.Order{MedicationRef: "#n"}},
		{
			"contained, another type",
			inside("#m", `{"resourceType":"Patient","id":"m"}`),
			facts.Order{MedicationRef: "#m"},
		},
		{
			"contained in contained",
			inside(
				"#m",
				med("s", `,"code":`+concept("3")+`,"ingredient":[{"itemCodeableConcept":`+concept("4")+`}]`),
				med(
					"m",
					`,"ingredient":[{"itemReference":{"reference":"#s"},"strength":{"numerator":{"value":5}}},`+
						`{"itemReference":{"reference":"Medication/z"}}]`,
				),
			),
			facts.Order{
				Drug: facts.Drug{
					Parts: []facts.Part{
						{Codings: code("3"), Strength: facts.Ratio{Numerator: facts.Quantity{Value: "5"}}},
						{Codings: code("4")},
						{Ref: "Medication/z"},
					},
				},
			},
		},
		{"circle", inside("#m", med("m", `,"ingredient":[{"itemReference":{"reference":"#m"}}]`)),
			facts.Order{Drug: facts.Drug{Parts: []facts.Part{{}, {}, {}, {Ref: "#m"}}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, doc := range []string{rx("MedicationRequest", c.more), `{"resourceType":"MedicationRequest"` +
				c.more + `,"id":"1","subject":{"reference":"Patient/p"}}`} {
				if diff := cmp.Diff(&c.want, orderOf(t, doc)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
	both := rx("MedicationRequest", `,"medicationCodeableConcept":{},"medicationReference":{}`)
	if got := outcome(one(t, both)); got != "MedicationRequest/1 of Patient/p, not /medicationReference" {
		t.Error(got)
	}
}

func TestTimesAndSupplyOfOrders(t *testing.T) {
	cases := []struct {
		typ, more string
		want      facts.Order
	}{
		{
			"MedicationDispense",
			`,"whenPrepared":"2026-01-01","whenHandedOver":"2026-01-02","daysSupply":{"value":30},` +
				`"quantity":{"value":60}`,
			facts.Order{Authored: at("2026-01-02"), SupplyDays: "30", SupplyAmount: facts.Quantity{Value: "60"}},
		},
		{
			"MedicationDispense",
			`,"whenPrepared":"2026-01-01","whenHandedOver":null,"daysSupply":{"value":2,"code":"wk"}`,
			facts.Order{Authored: at("2026-01-01"), SupplyDays: "14"},
		},
		{"MedicationDispense", `,"daysSupply":{"value":30,"unit":"tablets"}`, facts.Order{SupplyDays: "30"}},
		{"MedicationRequest", `,"dispenseRequest":{"expectedSupplyDuration":{"value":30}}`, facts.Order{}},
		{
			"MedicationRequest",
			`,"dispenseRequest":{"expectedSupplyDuration":{"value":36,"code":"h"}}`,
			facts.Order{SupplyDays: "1.5"},
		},
		{
			"MedicationRequest",
			`,"dispenseRequest":{"expectedSupplyDuration":{"value":1e999999999,"code":"d"}}`,
			facts.Order{},
		},
		{
			"MedicationStatement",
			`,"dateAsserted":"2026-03-01","effectivePeriod":{"start":"2026-01-01","end":"2026-02-01"}`,
			facts.Order{
				Authored:  at("2026-01-01"),
				Effective: facts.Period{Start: at("2026-01-01"), End: at("2026-02-01")},
			},
		},
		{
			"MedicationStatement",
			`,"dateAsserted":"2026-03-01","effectiveDateTime":"2026-01-01"`,
			facts.Order{Authored: at("2026-01-01"), Effective: facts.Period{Start: at("2026-01-01")}},
		},
		{"MedicationStatement", `,"dateAsserted":"2026-03-01","dosage":[{"asNeededBoolean":true}]`,
			facts.Order{Authored: at("2026-03-01"), Dosages: []facts.Dosage{{AsNeeded: true}}}},
		{
			"MedicationRequest",
			`,"doNotPerform":true,"reportedReference":{"display":"x"}`,
			facts.Order{DoNotPerform: true, Reported: true},
		},
		{
			"MedicationRequest",
			`,"contained":[{"resourceType":"Condition","id":"c","code":{"text":"itch"}},{"resourceType":"Condition","id":"e","code":{"text":"refuted"},
			"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"refuted"}]}}],"reasonReference":[{"reference":"#c"},{"reference":"#e"},{"reference":"#d","display":"sleep"}]`,
			facts.Order{Reasons: []facts.Concept{{Texts: []string{"itch"}}, {Texts: []string{"sleep"}}}},
		},
	}
	kinds := map[string]facts.OrderKind{"MedicationDispense": facts.Dispense, "MedicationStatement": facts.Statement}
	for i, c := range cases {
		t.Run(fmt.Sprint(c.typ, i), func(t *testing.T) {
			c.want.Kind, c.want.NoMedication = kinds[c.typ], true
			if diff := cmp.Diff(&c.want, orderOf(t, rx(c.typ, c.more))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMedicationResource(t *testing.T) {
	r := one(
		t,
		`{"resourceType":"Medication","id":"m","status":"active","code":{"text":"Mixture"},"form":{"coding":[{"system":"s","code":"f","display":"Cream"}]},
		"ingredient":[{"itemCodeableConcept":{"text":"A"},"strength":{"numerator":{"value":5,"unit":"mg"},"denominator":{"value":1}}},{"itemReference":{"reference":"http://x/Substance/s"}}]}`,
	)
	want := facts.Drug{
		Names: []string{"Mixture"},
		Forms: []codes.Coding{{System: "s", Code: "f", Display: "Cream"}, {Display: "Cream"}},
		Parts: []facts.Part{
			{
				Names:    []string{"A"},
				Strength: facts.Ratio{Numerator: mg("5", "mg"), Denominator: facts.Quantity{Value: "1"}},
			},
			{Ref: "Substance/s"},
		},
	}
	if diff := cmp.Diff(&want, r.Fact.Medication); diff != "" || r.Patient != "" ||
		r.Fact.Kind != facts.KindMedication {
		t.Errorf("%s (-want +got):\n%s", outcome(r), diff)
	}
	for status, want := range map[string]string{"inactive": "Medication/m of ", "entered-in-error": "Medication/m of ",
		"gone": "Medication/m of , not /status"} {
		r := one(t, `{"resourceType":"Medication","id":"m","status":"`+status+`"}`)
		if got := outcome(r); got != want ||
			(status == "entered-in-error") != (r.Fact.Mark == facts.MarkEnteredInError) {
			t.Errorf("%s: %s", status, got)
		}
	}
}

func TestTimingCodes(t *testing.T) {
	for code, want := range map[string]string{
		`{"text":"TID"}`: "TID", `{"text":" q8h "}`: "q8h", `{"coding":[{"display":"b.i.d."}]}`: "b.i.d.",
		`{"coding":[{"display":"twice"}],"text":"BID"}`:        "BID",
		`{"coding":[{"code":"QD"}],"text":"BID"}`:              "QD",
		`{"coding":[{"system":"s","code":"QD"}],"text":"BID"}`: "QD", `{"text":"one in the morning, two at night"}`: "",
		`{}`: "",
	} {
		o := orderOf(t, rx("MedicationRequest", `,"dosageInstruction":[{"timing":{"code":`+code+`}}]`))
		if got := o.Dosages[0].Timing.Code; got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}
