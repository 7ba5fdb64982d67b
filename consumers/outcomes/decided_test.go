package outcomes

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/cdshooks"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

// decided counts what is decided about resources, each sent a number of days after 1 November.
func decided(t *testing.T, events ...event) *Report {
	t.Helper()
	engine := &fold.Engine{Settings: checks.DefaultSettings(), Key: []byte("key of the tests"), Ruleset: "r1"}
	replay := fold.NewReplay(engine)
	c := New(Period{})
	for n, e := range events {
		in := fold.Input{Arrival: facts.Arrival{Sequence: uint64(n + 1)}}
		o := fhir.DefaultOptions()
		o.Now = day(1).AddDate(1, 0, 0)
		fhir.NewReader(o).Document([]byte(e.document), func(r fhir.Resource) bool {
			if r.Rejection != nil {
				t.Fatalf("test data: %v", r.Rejection)
			}
			in.Resources = append(in.Resources, r)
			return true
		})
		_, flags := replay.Step(in, day(1).AddDate(0, 0, e.day))
		for i := range flags {
			c.Add(&flags[i])
		}
	}
	return c.Report()
}

type event struct {
	day      int
	document string
}

func order(version int, status, drug, more string) string {
	return fmt.Sprintf(`{"resourceType":"MedicationRequest","id":"m","meta":{"versionId":"%d"},"status":%q,`+
		`"intent":"order","subject":{"reference":"Patient/1"},"authoredOn":"2026-10-20",%s%s}`,
		version, status, drug, more)
}

func drug(text string) string { return fmt.Sprintf(`"medicationCodeableConcept":{"text":%q}`, text) }

func rls(version int, verification string) string {
	return fmt.Sprintf(`{"resourceType":"Condition","id":"c","meta":{"versionId":"%d"},`+
		`"subject":{"reference":"Patient/1"},"verificationStatus":{"coding":[`+
		`{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":%q}]},`+
		`"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"G25.81"}]}}`, version, verification)
}

func lab(id, loinc, value, unit string) string {
	return fmt.Sprintf(`{"resourceType":"Observation","id":%q,"status":"final",`+
		`"subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"http://loinc.org","code":%q}]},`+
		`"effectiveDateTime":"2026-10-30",`+
		`"valueQuantity":{"value":%s,"unit":%q,"system":"http://unitsofmeasure.org","code":%[4]q}}`,
		id, loinc, value, unit)
}

func daily(dose string) string {
	return `,"dosageInstruction":[{"timing":{"repeat":{"frequency":3,"period":1,"periodUnit":"d"}},` +
		`"doseAndRate":[{"doseQuantity":{"value":` + dose +
		`,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}]}]`
}

// TestAdvisedAsDecided: the changes the checks name, and the reasons they give, lead to the outcome
// a reader of the events expects.
func TestAdvisedAsDecided(t *testing.T) {
	confirmed := event{0, rls(1, "confirmed")}
	again := event{45, rls(2, "confirmed")} // by then time has passed
	twoWeeks := `,"dispenseRequest":{"expectedSupplyDuration":{"value":14,"unit":"d",` +
		`"system":"http://unitsofmeasure.org","code":"d"}}`
	for name, test := range map[string]struct {
		check  string
		want   end
		reason string
		events []event
	}{
		"order stopped": {"rls-ssri", advised, "", []event{
			confirmed, {0, order(1, "active", drug("sertraline 50 mg tablet"), "")},
			{3, order(2, "stopped", drug("sertraline 50 mg tablet"), "")},
		}},
		"order stopped, the drug acts on": {"rls-ssri", advised, "", []event{
			confirmed, {0, order(1, "active", drug("fluoxetine 20 mg capsule"), "")},
			{3, order(2, "stopped", drug("fluoxetine 20 mg capsule"), "")}, again,
		}},
		"supply over": {"rls-ssri", otherwise, "supply-ended", []event{
			confirmed, {0, order(1, "completed", drug("sertraline 50 mg tablet"), twoWeeks)}, again,
		}},
		"entered in error": {"rls-ssri", otherwise, "entered-in-error", []event{
			confirmed, {0, order(1, "active", drug("sertraline 50 mg tablet"), "")},
			{3, order(2, "entered-in-error", drug("sertraline 50 mg tablet"), "")},
		}},
		"another drug": {"rls-ssri", otherwise, "drug-changed", []event{
			confirmed, {0, order(1, "active", drug("sertraline 50 mg tablet"), "")},
			{3, order(2, "active", drug("bupropion 150 mg tablet"), "")},
		}},
		"RLS refuted": {"rls-ssri", advised, "", []event{
			confirmed, {0, order(1, "active", drug("sertraline 50 mg tablet"), "")}, {3, rls(2, "refuted")},
		}},
		"a good result": {"rls-iron-unchecked", advised, "", []event{
			confirmed, {3, lab("f", "2276-4", "100", "ng/mL")},
		}},
		"a low result": {"rls-iron-unchecked", perhaps, "superseded", []event{
			confirmed, {3, lab("f", "2276-4", "20", "ng/mL")},
		}},
		"an order that makes it more urgent": {"rls-iron-unchecked", otherwise, "superseded", []event{
			confirmed, {3, order(1, "active", drug("gabapentin 300 mg capsule"), "")},
		}},
		"a dose for the kidneys": {"gabapentinoid-renal-dose", perhaps, "context-changed", []event{
			confirmed, {0, lab("k", "98979-8", "20", "mL/min/{1.73_m2}")},
			{0, order(1, "active", drug("gabapentin 600 mg tablet"), daily("600"))},
			{3, order(2, "active", drug("gabapentin 100 mg capsule"), daily("100"))},
		}},
		"an unknown drug named": {"medication-unclassified", advised, "", []event{
			confirmed, {0, order(1, "active", `"medicationReference":{"reference":"Medication/x"}`, "")},
			{3, `{"resourceType":"Medication","id":"x","code":{"text":"acetaminophen 500 mg tablet"}}`},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := decided(t, test.events...)
			for _, row := range r.Rows {
				if row.Check != test.check || row.Open > 0 {
					continue
				}
				got := [3]int{row.Otherwise, row.Perhaps, row.Advised}
				by := [3]map[string]int{row.OtherwiseBy, row.PerhapsBy, {test.reason: 1}}[test.want]
				if got[test.want] != 1 || row.Opened != 1 || by[test.reason] != 1 {
					t.Errorf("otherwise, perhaps, advised: %v, %v %v", got, row.OtherwiseBy, row.PerhapsBy)
				}
				return
			}
			t.Errorf("nothing of it is resolved: %+v", r.Rows)
		})
	}
}

// TestReadAnswer: feedback as stored, without the user's own words.
func TestReadAnswer(t *testing.T) {
	f := cdshooks.Feedback{
		Card: "1", Outcome: "overridden", Reason: &cdshooks.Coding{Code: "will-monitor"}, Comment: "Frau Geheim",
		At: "2026-11-22T10:00:00Z", Flag: "a", Check: "rls-ssri", Severity: "moderate", Acknowledged: true,
	}
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	want := Answer{
		Card: "1", Flag: "a", Check: "rls-ssri", Severity: checks.Moderate, Reason: "will-monitor",
		At: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
	}
	if got, err := ReadAnswer(data); err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
	f.Outcome, f.Reason = "accepted", nil
	data, _ = json.Marshal(f)
	if got, err := ReadAnswer(data); err != nil || !got.Accepted || got.Reason != "" {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := ReadAnswer([]byte(`{"card":"1"}`)); err == nil {
		t.Error("feedback without a time is read")
	}
}
