package fhir

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

func at(s string) moment.Time {
	t, ok := datetime.ParseBytes([]byte(s))
	if !ok {
		panic("no time: " + s)
	}
	return t
}

func mg(value, unit string) facts.Quantity { return facts.Quantity{Value: value, Unit: unit} }

// TestFactsOfAPatient reads a Bundle with everything a fact can hold.
func TestFactsOfAPatient(t *testing.T) {
	doc, err := os.ReadFile("testdata/patient-bundle.json")
	if err != nil {
		t.Fatal(err)
	}
	const p = facts.Ref("Patient/8c5b2b0a-5d52-4f4e-9c1d-0d6c9f0f0001")
	text := func(s ...string) facts.Concept { return facts.Concept{Texts: s} }
	want := []facts.Fact{
		{
			Ref:     p,
			Kind:    facts.KindPatient,
			Version: facts.Version{Updated: time.Date(2026, 2, 1, 7, 30, 0, 250e6, time.UTC).UnixNano(), Number: "3"},
			Person:  &facts.Person{Birth: at("1961-07-04"), Sex: facts.Female},
		},
		{Ref: "Condition/8c5b2b0a-5d52-4f4e-9c1d-0d6c9f0f0002", Kind: facts.KindCondition, Condition: &facts.Condition{
			Code: facts.Concept{
				Codings: []codes.Coding{{System: codes.SNOMED, Code: "32914008", Display: "Restless legs"}},
				Texts:   []string{"Restless legs", "Restless legs syndrome"},
			},
			Clinical: facts.ClinicalActive, Verification: facts.VerificationConfirmed, Onset: at("2019"),
			Recorded: at("2020-05")}},
		{Ref: "MedicationRequest/rx-1", Kind: facts.KindOrder, Order: &facts.Order{
			Status: facts.StatusActive, Reported: true,
			Drug: facts.Drug{
				Codings: []codes.Coding{
					{System: codes.RxNorm, Code: "312940", Display: "sertraline 100 MG Oral Tablet"},
				},
				Names: []string{"sertraline 100 MG Oral Tablet", "Sertralin 100"},
			},
			Authored: at("2026-01-15T08:00:00Z"), Reasons: []facts.Concept{text("low mood")},
			ReasonRefs: []facts.Ref{"Condition/8c5b2b0a-5d52-4f4e-9c1d-0d6c9f0f0002", "Condition/9"},
			Dosages: []facts.Dosage{{
				Sequence: 1, Bounds: facts.Period{Start: at("2026-01-15"), End: at("2026-07-15")},
				Timing: facts.Timing{
					Frequency:  2,
					Period:     "1.0",
					PeriodUnit: "d",
					When:       2,
					TimesOfDay: 1,
					DaysOfWeek: 2,
					Code:       "QD",
					Count:      30,
				},
				Route: facts.Concept{
					Codings: []codes.Coding{{System: codes.SNOMED, Code: "26643006", Display: "Oral"}},
					Texts:   []string{"Oral"},
				},
				Dose: mg("2.50", "tablet"),
				MaxPerDay: facts.Ratio{
					Numerator:   facts.Quantity{Value: "200", Unit: "mg", System: codes.UCUM, Code: "mg"},
					Denominator: facts.Quantity{Value: "1", Code: "d"},
				},
			}, {
				AsNeeded: true, AsNeededReason: text("restless legs at night"), BoundsLength: facts.Quantity{Value: "3",
					Code: "d"},
				Timing: facts.Timing{Events: 1},
			}},
			SupplyDays: "98", Repeats: 2, Validity: facts.Period{Start: at("2026-01-15")},
			SupplyAmount: mg("98", "tablet"),
		}},
		{Ref: "Observation/ferritin-1", Kind: facts.KindLab, Lab: &facts.LabResult{
			Status: facts.LabFinal, Loincs: []string{"2276-4", "20567-4"},
			Value: facts.Value{
				Kind: facts.QuantityValue,
				Quantity: facts.Quantity{
					Value:      "45.0",
					Comparator: "<",
					Unit:       "ng/mL",
					Code:       "ng/mL",
					System:     codes.UCUM,
				},
			},
			Effective: facts.Period{Start: at("2026-01-10T07:45:00Z")}, Issued: at("2026-01-10T12:00:00Z"),
			Specimen: "Specimen/tube-1", Performer: "Organization/lab", Method: text("immunoassay"),
		}},
	}
	var got []facts.Fact
	for _, r := range read(t, string(doc)) {
		if r.Rejection != nil {
			t.Errorf("rejected: %v", r.Rejection)
		}
		if r.Relevant {
			if r.Patient != p {
				t.Errorf("%s is about %q", r.Fact.Ref, r.Patient)
			}
			r.Fact.Version.Arrival = facts.Arrival{}
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
