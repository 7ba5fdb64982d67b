package codec

import (
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/unread"
)

// golden is the content of testdata/state_v1.bin: every kind of fact, and most forms of texts,
// references and times.
func golden() *checks.State {
	day := func(n int64) moment.Time { return moment.Time{Nanos: n * 86_400_000_000_000, Precision: moment.ToDay} }
	mg := func(v string) facts.Quantity {
		return facts.Quantity{Value: v, Unit: "mg", Code: "mg", System: codes.UCUM}
	}
	text := facts.Concept{
		Codings: []codes.Coding{{System: codes.SNOMED, Code: "32914008", Display: "Restless legs"}},
		Texts:   []string{"Restless legs"},
	}
	order := &facts.Order{
		Kind:         facts.Dispense,
		Status:       facts.StatusInProgress,
		Intent:       facts.IntentPlan,
		DoNotPerform: true,
		Reported:     true,
		NoMedication: true,
		Drug: facts.Drug{
			Codings: []codes.Coding{
				{System: codes.RxNorm, Code: "312938"},
				{System: "urn:oid:1.2.3", Code: "X-1", Display: "a display"},
			},
			Names: []string{
				"sertraline 50 MG Oral Tablet",
				"sertraline",
			},
			Forms:  []codes.Coding{{System: codes.SNOMED, Code: "385055001"}},
			Absent: true,
			Parts: []facts.Part{
				{
					Names: []string{"sertraline"},
					Ref:   "Medication/7",
					Strength: facts.Ratio{
						Numerator:   mg("50"),
						Denominator: facts.Quantity{Value: "1", Unit: "{tablet}"},
					},
				},
			},
		},
		MedicationRef: "Medication/8",
		Authored:      moment.Time{Nanos: 1_763_970_300_000_000_000, Precision: moment.ToInstant},
		Effective: facts.Period{
			Start: day(20_000),
			End:   moment.Time{Nanos: 1_763_970_300_000_000_000, Precision: moment.WithoutOff},
		},
		Reasons: []facts.Concept{text},
		ReasonRefs: []facts.Ref{
			"Condition/7",
			"https://other.example/fhir/Condition/1",
		},
		SupplyDays:   "30",
		Repeats:      3,
		Validity:     facts.Period{End: day(20_100)},
		SupplyAmount: mg("1500.0"),
		Dosages: []facts.Dosage{
			{
				AsNeeded:       true,
				AsNeededReason: text,
				Route:          facts.Concept{Texts: []string{"Oral route"}},
				Bounds:         facts.Period{Start: day(20_001)},
				BoundsLength:   facts.Quantity{Value: "3", Code: "d"},
				Timing: facts.Timing{
					Frequency: 1, Period: "1", PeriodUnit: "d", When: 2, TimesOfDay: 3, DaysOfWeek: 4, Code: "BID",
					Count: 5, Events: 6},
				Dose:      mg("12.5"),
				MaxPerDay: facts.Ratio{Numerator: mg("0.5"), Denominator: facts.Quantity{Value: "1", Unit: "d"}},
				Sequence:  1,
			},
		},
	}
	lab := &facts.LabResult{
		Status: facts.LabPreliminary,
		Loincs: []string{"2276-4", "20567-4"},
		Value: facts.Value{Kind: facts.QuantityValue, Text: "note", Concept: text,
			Quantity: facts.Quantity{
				Value:      "45.25",
				Comparator: "<=",
				Unit:       "ng/mL",
				Code:       "ng/mL",
				System:     codes.UCUM,
			}},
		Effective: facts.Period{
			Start: moment.Time{Nanos: 1_763_970_300_123_456_789, Precision: moment.ToInstant},
			End:   moment.Time{Nanos: 1_763_970_300_123_000_000, Precision: moment.ToInstant},
		},
		Issued: moment.Time{
			Nanos:     1_763_970_301_000_000_000,
			Precision: moment.ToInstant,
		},
		Specimen:  "Specimen/0f0e0d0c-0b0a-4908-8706-050403020100",
		Performer: "Organization/lab-1",
		Components: []facts.Component{
			{Loincs: []string{"2502-3"}, Value: facts.Value{Kind: facts.AbsentValue, Text: "unknown"}},
		},
		Members: []facts.Ref{"Observation/5"},
		Method:  facts.Concept{Texts: []string{"immunoassay"}},
	}
	condition := &facts.Condition{
		Code:         text,
		Clinical:     facts.ClinicalRelapse,
		Verification: facts.VerificationProvisional,
		Onset:        moment.Time{Nanos: 1_577_836_800_000_000_000, Precision: moment.ToYear},
		Recorded: moment.Time{
			Nanos:     1_580_515_200_000_000_000,
			Precision: moment.ToMonth,
		},
		Abatement:     day(20_002),
		AbatementEnd:  day(20_003),
		AbatedFlag:    true,
		Asserter:      "Practitioner/9",
		FamilyHistory: true,
	}
	version := facts.Version{
		Updated: 1_763_970_300_000_000_000,
		Number:  "12",
		Arrival: facts.Arrival{Epoch: 1_700_000_000_123_456_789, Sequence: 42, Entry: 3},
	}
	return &checks.State{
		Patient: "Patient/5b0e9a44-8a2e-4b7c-9d51-0f6f3a1c2d3e",
		Ruleset: "9f86d081884c7d65",
		Cut:     checks.CutEarlier,
		Facts: []facts.Fact{
			{Ref: "Condition/7", Version: version, Kind: facts.KindCondition, Condition: condition},
			{
				Ref:     "DetectedIssue/a-1",
				Version: version,
				Kind:    facts.KindAcknowledgement,
				Acknowledgement: &facts.Acknowledgement{
					FlagID: "d3adb33f-0000-8000-8000-000000000001", Basis: "0123456789abcdef", Override: true,
					Reason: "13", Author: "Practitioner/9", Date: day(20_004), Until: day(20_005)},
			},
			{
				Ref:        "Medication/8",
				Version:    facts.Version{Number: "1"},
				Kind:       facts.KindMedication,
				Medication: &facts.Drug{Names: []string{"Zoloft"}},
			},
			{
				Ref:     "MedicationDispense/0a0b0c0d-0e0f-4011-8213-141516171819",
				Version: version,
				Kind:    facts.KindOrder,
				Order:   order,
			},
			{Ref: "Observation/5", Version: version, Kind: facts.KindLab, Lab: lab},
			{
				Ref:     "Observation/6",
				Version: facts.Version{Updated: 1_763_970_300_123_456_789},
				Kind:    facts.KindMark,
				Mark:    facts.MarkDeleted,
			},
			{
				Ref:     "Patient/5b0e9a44-8a2e-4b7c-9d51-0f6f3a1c2d3e",
				Version: version,
				Kind:    facts.KindPatient,
				Person:  &facts.Person{Birth: day(-4_992), Sex: facts.Female, Deceased: true, Linked: true},
			},
			{Ref: "urn:uuid:0a0b0c0d-0e0f-4011-8213-141516171820", Kind: facts.KindMark, Mark: facts.MarkMoved},
		},
		Flags: []checks.OpenFlag{
			{
				Check:      "rls-ssri",
				Ingredient: "sertraline",
				Severity:   checks.Moderate,
				Number:     7,
				Digest:     0xfedcba9876543210,
				Acked:      checks.Overridden,
				Implicated: []facts.Ref{
					"MedicationDispense/0a0b0c0d-0e0f-4011-8213-141516171819",
					"MedicationRequest/gone",
				},
			},
		},
	}
}

// golden2 is the content of testdata/state_v2.bin: golden plus what version 2 adds: unread parts,
// what was cut, and the places of older versions.
func golden2() *checks.State {
	st := golden()
	st.Cut = checks.CutKnown
	for i := range st.Facts {
		f := &st.Facts[i]
		f.Unread = unread.Version | unread.Newer
		switch f.Kind {
		case facts.KindCondition:
			f.Condition.Clinical, f.Condition.Verification, f.Condition.Modified = facts.ClinicalUnread,
				facts.VerificationUnread, true
			f.Condition.Code.Certainty = facts.CertaintyPossible
		case facts.KindOrder:
			f.Unread |= unread.Supply
			f.Order.Drug.Modified = true
		case facts.KindLab:
			one := *f.Lab
			one.TimeUnread, one.Value = true, facts.Value{Kind: facts.UnreadValue, Text: "modifierExtension"}
			f.Lab.Results = []facts.LabResult{one, {Status: facts.LabFinal, Loincs: []string{"2502-3"}}}
		case facts.KindMark:
			hidden := facts.Fact{
				Ref:     f.Ref,
				Version: f.Version,
				Kind:    facts.KindOrder,
				Order:   &facts.Order{SupplyDays: "30"},
				Unread:  unread.Dose,
			}
			f.Kept = &facts.Kept{
				Past:   []facts.Past{{Version: f.Version, Places: checks.AllPlaces, Mark: facts.MarkOther}},
				Hidden: &hidden,
			}
		}
	}
	return st
}
