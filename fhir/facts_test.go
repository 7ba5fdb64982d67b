package fhir

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/terms"
)

// at reads a time of FHIR for what a test wants.
func at(s string) checks.Time {
	t, ok := parseTime([]byte(s))
	if !ok {
		panic("no time: " + s)
	}
	return t
}

func mg(value, unit string) checks.Quantity { return checks.Quantity{Value: value, Unit: unit} }

// TestFactsOfAPatient reads a Bundle with everything in it that a fact can hold.
func TestFactsOfAPatient(t *testing.T) {
	doc, err := os.ReadFile("testdata/patient-bundle.json")
	if err != nil {
		t.Fatal(err)
	}
	const p = checks.Ref("Patient/8c5b2b0a-5d52-4f4e-9c1d-0d6c9f0f0001")
	text := func(s ...string) checks.Concept { return checks.Concept{Texts: s} }
	want := []checks.Fact{
		{Ref: p, Kind: checks.KindPatient, Version: checks.Version{Updated: time.Date(2026, 2, 1, 7, 30, 0, 250e6, time.UTC).UnixNano(), Number: "3"},
			Person: &checks.Person{Birth: at("1961-07-04"), Sex: checks.Female}},
		{Ref: "Condition/8c5b2b0a-5d52-4f4e-9c1d-0d6c9f0f0002", Kind: checks.KindCondition, Condition: &checks.Condition{
			Code: checks.Concept{Codings: []terms.Coding{{System: terms.SNOMED, Code: "32914008", Display: "Restless legs"}},
				Texts: []string{"Restless legs", "Restless legs syndrome"}},
			Clinical: checks.ClinicalActive, Verification: checks.VerificationConfirmed, Onset: at("2019"), Recorded: at("2020-05")}},
		{Ref: "MedicationRequest/rx-1", Kind: checks.KindOrder, Order: &checks.Order{
			Status: checks.StatusActive, Reported: true,
			Drug: checks.Drug{Codings: []terms.Coding{{System: terms.RxNorm, Code: "312940", Display: "sertraline 100 MG Oral Tablet"}},
				Names: []string{"sertraline 100 MG Oral Tablet", "Sertralin 100"}},
			Authored: at("2026-01-15T08:00:00Z"), Reasons: []checks.Concept{text("low mood")},
			ReasonRefs: []checks.Ref{"Condition/8c5b2b0a-5d52-4f4e-9c1d-0d6c9f0f0002", "Condition/9"},
			Dosages: []checks.Dosage{{
				Sequence: 1, Bounds: checks.Period{Start: at("2026-01-15"), End: at("2026-07-15")},
				Timing: checks.Timing{Frequency: 2, Period: "1.0", PeriodUnit: "d", When: 2, TimesOfDay: 1, DaysOfWeek: 2, Code: "QD", Count: 30},
				Route:  checks.Concept{Codings: []terms.Coding{{System: terms.SNOMED, Code: "26643006", Display: "Oral"}}, Texts: []string{"Oral"}},
				Dose:   mg("2.50", "tablet"),
				MaxPerDay: checks.Ratio{Numerator: checks.Quantity{Value: "200", Unit: "mg", System: terms.UCUM, Code: "mg"},
					Denominator: checks.Quantity{Value: "1", Code: "d"}},
			}, {
				AsNeeded: true, AsNeededReason: text("restless legs at night"), BoundsLength: checks.Quantity{Value: "3", Code: "d"},
				Timing: checks.Timing{Events: 1},
			}},
			SupplyDays: "98", Repeats: 2, Validity: checks.Period{Start: at("2026-01-15")}, SupplyAmount: mg("98", "tablet"),
		}},
		{Ref: "Observation/ferritin-1", Kind: checks.KindLab, Lab: &checks.LabResult{
			Status: checks.LabFinal, Loincs: []string{"2276-4", "20567-4"},
			Value:     checks.Value{Kind: checks.QuantityValue, Quantity: checks.Quantity{Value: "45.0", Comparator: "<", Unit: "ng/mL", Code: "ng/mL", System: terms.UCUM}},
			Effective: checks.Period{Start: at("2026-01-10T07:45:00Z")}, Issued: at("2026-01-10T12:00:00Z"),
			Specimen: "Specimen/tube-1", Performer: "Organization/lab", Method: text("immunoassay"),
		}},
	}
	var got []checks.Fact
	for _, r := range read(t, string(doc)) {
		if r.Rejection != nil {
			t.Errorf("rejected: %v", r.Rejection)
		}
		if r.Relevant {
			if r.Patient != p {
				t.Errorf("%s is about %q", r.Fact.Ref, r.Patient)
			}
			r.Fact.Version.Arrival = checks.Arrival{}
			got = append(got, r.Fact)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFilesOfEveryShape(t *testing.T) {
	for name, want := range map[string][]string{
		"statement-contained": {"MedicationStatement/otc-1 of Patient/Q-17"},
		"dispense-parameters": {"MedicationDispense/d-5 of Patient/Q-17", "Medication/m-1 of "},
		"panel-cloudevent":    {"Observation/iron-panel of Patient/Q-17"},
		"history":             {"Condition/c-9 of ", "Condition/c-9 of Patient/Q-17", "MedicationRequest/r-3 of "},
	} {
		doc, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, outcomes(read(t, string(doc)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
