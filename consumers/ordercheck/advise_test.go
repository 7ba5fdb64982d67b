package ordercheck

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/fhir"
)

func TestPregabalinDraft(t *testing.T) {
	const lastMonth = "2026-10-25T07:30:00Z"
	tsat := lab("t1", "2502-3", "30", "%", lastMonth)
	for name, test := range map[string]struct {
		labs          []string
		because       string
		order         string
		says, without string
	}{
		"no iron result": {nil, "iron-labs-missing", "2276-4 2498-4 2500-7", "Order ferritin, iron and TIBC", ""},
		"no ferritin":    {[]string{tsat}, "iron-labs-missing", "2276-4 2498-4 2500-7", "ferritin", ""},
		"ferritin 75": {[]string{tsat, lab("f1", "2276-4", "75", "ng/mL", lastMonth)}, "iron-low", "", "iron",
			"Order ferritin,"},
		"ferritin 200": {[]string{tsat, lab("f1", "2276-4", "200", "ng/mL", lastMonth)}, "", "", "", "ferritin"},
	} {
		t.Run(name, func(t *testing.T) {
			known := append([]string{adult, rlsCondition}, test.labs...)
			mem := stored(t, bundle(known...))
			before := states(mem)
			for from, a := range map[string]Advice{
				"stored":  ask(t, mem, order("d1", "draft", "pregabalin 75 mg")),
				"brought": ask(t, stored(t), bundle(append(known, order("d1", "draft", "pregabalin 75 mg"))...)),
			} {
				if got := flagged(a.Because); got != test.because {
					t.Errorf("%s: because of the draft %q, want %q", from, got, test.because)
				}
				if len(a.Open) > 0 && test.labs != nil {
					t.Errorf("%s: open already: %s", from, flagged(a.Open))
				}
				var codes []string
				for _, c := range IronOrders(a.Iron) {
					codes = append(codes, c.Code)
				}
				if got := strings.Join(codes, " "); got != test.order {
					t.Errorf("%s: to order %q, want %q", from, got, test.order)
				}
				var text string
				for _, f := range a.Because {
					text += f.Summary + " " + f.Action
				}
				if !strings.Contains(text, test.says) || test.without != "" && strings.Contains(text, test.without) {
					t.Errorf("%s: it says %q", from, text)
				}
			}
			if !bytes.Equal(before, states(mem)) {
				t.Error("asking changed what is stored")
			}
		})
	}
}

func TestBecauseAndOpen(t *testing.T) {
	iron := []string{lab("t1", "2502-3", "30", "%", "2026-10-25"), lab("f1", "2276-4", "200", "ng/mL", "2026-10-25")}
	known := bundle(append([]string{adult, rlsCondition, order("o1", "active", "sertraline")}, iron...)...)
	noRLS := bundle(append([]string{adult, order("o1", "active", "sertraline")}, iron...)...)
	for name, test := range map[string]struct{ known, request, because, open string }{
		"an ordinary drug": {known, order("d1", "draft", "amoxicillin"), "", "rls-ssri sertraline"},
		"one more": {known, order("d1", "draft", "mirtazapine"), "rls-tetracyclic mirtazapine",
			"rls-ssri sertraline"},
		"the same drug": {known, order("d1", "draft", "sertraline"), "rls-ssri sertraline", ""},
		"a pair": {bundle(known, order("o2", "active", "oxycodone")), order("d1", "draft", "gabapentin"),
			"gabapentinoid-respiratory-depression gabapentin", "rls-ssri sertraline"},
		"a reason brings RLS on record": {noRLS, order("d1", "draft", "paracetamol",
			`,"reasonCode":[{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}]`),
			"rls-ssri sertraline", ""},
		"no RLS": {noRLS, order("d1", "draft", "mirtazapine"), "", ""},
		"not to be given": {known, order("d1", "draft", "mirtazapine", `,"doNotPerform":true`), "",
			"rls-ssri sertraline"},
		"signed at once": {known, order("d1", "active", "mirtazapine"), "rls-tetracyclic mirtazapine",
			"rls-ssri sertraline"},
		"dated tomorrow": {known, strings.Replace(order("d1", "draft", "mirtazapine"), "2026-11-22", "2026-11-24",
			1), "rls-tetracyclic mirtazapine", "rls-ssri sertraline"},
		"no status": {known, strings.Replace(order("d1", "draft", "mirtazapine"), `"status":"draft",`, "", 1),
			"rls-tetracyclic mirtazapine", "rls-ssri sertraline"},
		"replaces an order": {known, order("o1", "draft", "amoxicillin"), "", ""},
		"draft in a Bundle": {known, bundle(order("d1", "draft", "mirtazapine"), order("o3", "active", "loratadine")),
			"rls-tetracyclic mirtazapine", "rls-antihistamine loratadine, rls-ssri sertraline"},
		"draft in Parameters": {known, `{"resourceType":"Parameters","parameter":[{"name":"fact","resource":` +
			order("o3", "draft", "loratadine") + `},{"name":"drafts","resource":` +
			bundle(order("d1", "active", "mirtazapine")) + `}]}`, "rls-tetracyclic mirtazapine",
			"rls-antihistamine loratadine, rls-ssri sertraline"},
		"Medication beside it": {known, bundle(`{"resourceType":"MedicationRequest","id":"d1","status":"draft",`+
			`"intent":"order","subject":{"reference":"Patient/1"},"medicationReference":{"reference":"Medication/m1"}}`,
			`{"resourceType":"Medication","id":"m1","code":{"text":"mirtazapine 15 mg"}}`),
			"rls-tetracyclic mirtazapine", "rls-ssri sertraline"},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, stored(t, test.known), test.request)
			if got := flagged(a.Because); got != test.because {
				t.Errorf("because of the draft %q, want %q", got, test.because)
			}
			if got := flagged(a.Open); got != test.open {
				t.Errorf("open already %q, want %q", got, test.open)
			}
		})
	}
}

// Of two versions of a resource the newer counts, wherever it is known from.
func TestStoredAndBroughtConverge(t *testing.T) {
	version := func(drug, updated string) string {
		return order("o1", "active", drug, `,"meta":{"lastUpdated":"`+updated+`"}`)
	}
	older, newer := version("mirtazapine", "2026-11-01T00:00:00Z"), version("sertraline", "2026-11-02T00:00:00Z")
	draft := order("d1", "draft", "amoxicillin")
	for name, a := range map[string]Advice{
		"newer brought": ask(t, stored(t, bundle(rlsCondition, older)), bundle(draft, newer)),
		"newer stored":  ask(t, stored(t, bundle(rlsCondition, newer)), bundle(draft, older)),
	} {
		if got := flagged(a.Open); !strings.Contains(got, "sertraline") || strings.Contains(got, "mirtazapine") {
			t.Errorf("%s: open %q", name, got)
		}
	}
}

func TestQuestionsWithoutAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		request string
		err     error
		reason  fhir.Reason
	}{
		"no JSON": {`{"resourceType":`, nil, fhir.InvalidJSON},
		"no FHIR": {`{"hook":"order-sign"}`, nil, fhir.NotFHIR},
		"R5": {`{"resourceType":"MedicationRequest","status":"draft","intent":"order",` +
			`"subject":{"reference":"Patient/1"},"medication":{"concept":{"text":"x"}}}`, nil, fhir.UnsupportedVersion},
		"no subject": {`{"resourceType":"MedicationRequest","status":"draft","intent":"order",` +
			`"medicationCodeableConcept":{"text":"x"}}`, nil, fhir.NoPatient},
		"no draft": {bundle(rlsCondition), errNoDraft, ""},
		"several patients": {bundle(order("d1", "draft", "x"), strings.Replace(order("d2", "draft", "x"), "Patient/1",
			"Patient/2", 1)), errSeveralPatients, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := checker(stored(t)).Ask(t.Context(), []byte(test.request))
			var rej *fhir.Rejection
			switch {
			case test.err != nil && !errors.Is(err, test.err):
				t.Errorf("error %v, want %v", err, test.err)
			case test.reason != "" && (!errors.As(err, &rej) || rej.Reason != test.reason):
				t.Errorf("error %v, want %s", err, test.reason)
			}
		})
	}
}

// What is left out is told, and costs the rest nothing.
func TestUnread(t *testing.T) {
	a := ask(t, stored(t, rlsCondition), bundle(
		order("d1", "draft", "mirtazapine"),
		`{"resourceType":"Condition","id":"c9","clinicalStatus":"active","subject":{"reference":"Patient/1"}}`,
		`{"resourceType":"Observation","id":"x","status":"final","subject":{"reference":"Patient/2"},`+
			`"code":{"coding":[{"system":"http://loinc.org","code":"2276-4"}]},"valueQuantity":{"value":9,`+
			`"unit":"ng/mL"}}`,
	))
	want := []Unread{
		{Type: "Condition", Pointer: "/entry/1/resource/clinicalStatus", Reason: fhir.UnsupportedVersion},
		{Type: "Observation", Pointer: "/entry/2/resource", Reason: otherPatient},
	}
	got := a.Unread
	for i := range got {
		if got[i].Detail == "" {
			t.Error("no detail")
		}
		got[i].Detail = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if flagged(a.Because) != "rls-tetracyclic mirtazapine" {
		t.Errorf("because %s", flagged(a.Because))
	}
}

func TestUnrecognised(t *testing.T) {
	for drug, want := range map[string]int{
		`{"text":"ketoprofen-lookalike tape"}`:                                        1,
		`{"coding":[{"system":"urn:local","code":"620007601","display":"イブプロフェン錠"}]}`: 1,
		// an ordinary drug
		`{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"834022"}]}`:         0,
		`{"coding":[{"system":"urn:local","code":"1","display":"Sertraline 50 mg tablet"}]}`:            0,
		`{"coding":[{"system":"http://www.whocc.no/atc","code":"C09AA05"}],"text":"something unknown"}`: 0,
	} {
		a := ask(
			t,
			stored(t, rlsCondition),
			`{"resourceType":"MedicationRequest","id":"d1","status":"draft","intent":"order",`+
				`"subject":{"reference":"Patient/1"},"medicationCodeableConcept":`+drug+`}`,
		)
		if len(a.Unrecognised) != want {
			t.Errorf("%s: %d not recognised, want %d", drug, len(a.Unrecognised), want)
		}
	}
}

// An acknowledgement that came with a request does not silence: that is a permission of its own.
func TestAcknowledgementInARequest(t *testing.T) {
	known := bundle(rlsCondition, order("o1", "active", "sertraline"))
	draft := order("d1", "draft", "amoxicillin")
	plain := ask(t, stored(t, known), draft)
	f := plain.Open[slicesIndex(plain.Open, "rls-ssri")]
	data, err := Acknowledgement(
		&f,
		facts.Acknowledgement{Override: true, Reason: "benefit-outweighs-risk", Date: moment.Instant(asOf)},
	)
	if err != nil {
		t.Fatal(err)
	}
	a := ask(t, stored(t, known), bundle(draft, string(data)))
	if got := a.Open[slicesIndex(a.Open, "rls-ssri")].State; got != checks.Open {
		t.Errorf("brought with the request: %s", got)
	}
	a = ask(t, stored(t, known, string(data)), draft)
	if got := a.Open[slicesIndex(a.Open, "rls-ssri")].State; got != checks.Overridden {
		t.Errorf("stored: %s", got)
	}
}

func slicesIndex(flags []checks.Flag, check string) int {
	for i, f := range flags {
		if f.Check == check {
			return i
		}
	}
	return 0
}

// A draft says nothing of its version, which is the lowest: it is looked at all the same where the
// stored orders are at their limit, and the answer tells what was left out of them.
func TestDraftBesideTooManyOrders(t *testing.T) {
	var many []string
	for i := range checks.DefaultSettings().Facts.Orders + 1 {
		many = append(
			many,
			order(fmt.Sprint("o", i), "stopped", "paracetamol", fmt.Sprintf(`,"meta":{"versionId":"%d"}`, i+1)),
		)
	}
	a := ask(t, stored(t, bundle(append(many, rlsCondition)...)), order("d1", "draft", "sertraline 50 mg"))
	if got := flagged(a.Because); got != "rls-ssri sertraline" {
		t.Errorf("because of the draft %q", got)
	}
	if a.LeftOut != "Only the newest 2,000 orders are kept; older ones were left out." {
		t.Errorf("left out: %q", a.LeftOut)
	}
}
