package codec

import (
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/terms"
)

// golden is what testdata/state_v1.bin holds: every kind of fact, and most forms of texts, references and times.
func golden() *checks.State {
	day := func(n int64) checks.Time { return checks.Time{Nanos: n * 86_400_000_000_000, Precision: checks.ToDay} }
	mg := func(v string) checks.Quantity {
		return checks.Quantity{Value: v, Unit: "mg", Code: "mg", System: terms.UCUM}
	}
	text := checks.Concept{Codings: []terms.Coding{{System: terms.SNOMED, Code: "32914008", Display: "Restless legs"}}, Texts: []string{"Restless legs"}}
	order := &checks.Order{Kind: checks.Dispense, Status: checks.StatusInProgress, Intent: checks.IntentPlan, DoNotPerform: true, Reported: true, NoMedication: true,
		Drug: checks.Drug{Codings: []terms.Coding{{System: terms.RxNorm, Code: "312938"}, {System: "urn:oid:1.2.3", Code: "X-1", Display: "a display"}},
			Names: []string{"sertraline 50 MG Oral Tablet", "sertraline"}, Forms: []terms.Coding{{System: terms.SNOMED, Code: "385055001"}}, Absent: true,
			Parts: []checks.Part{{Names: []string{"sertraline"}, Ref: "Medication/7", Strength: checks.Ratio{Numerator: mg("50"), Denominator: checks.Quantity{Value: "1", Unit: "{tablet}"}}}}},
		MedicationRef: "Medication/8", Authored: checks.Time{Nanos: 1_763_970_300_000_000_000, Precision: checks.ToInstant},
		Effective: checks.Period{Start: day(20_000), End: checks.Time{Nanos: 1_763_970_300_000_000_000, Precision: checks.WithoutOff}}, Reasons: []checks.Concept{text},
		ReasonRefs: []checks.Ref{"Condition/7", "https://other.example/fhir/Condition/1"}, SupplyDays: "30", Repeats: 3, Validity: checks.Period{End: day(20_100)}, SupplyAmount: mg("1500.0"),
		Dosages: []checks.Dosage{{AsNeeded: true, AsNeededReason: text, Route: checks.Concept{Texts: []string{"Oral route"}}, Bounds: checks.Period{Start: day(20_001)}, BoundsLength: checks.Quantity{Value: "3", Code: "d"},
			Timing: checks.Timing{
				Frequency: 1, Period: "1", PeriodUnit: "d", When: 2, TimesOfDay: 3, DaysOfWeek: 4, Code: "BID", Count: 5, Events: 6}, Dose: mg("12.5"), MaxPerDay: checks.Ratio{Numerator: mg("0.5"), Denominator: checks.Quantity{Value: "1", Unit: "d"}}, Sequence: 1}}}
	lab := &checks.LabResult{Status: checks.LabPreliminary, Loincs: []string{"2276-4", "20567-4"}, Value: checks.Value{Kind: checks.QuantityValue, Text: "note", Concept: text,
		Quantity: checks.Quantity{Value: "45.25", Comparator: "<=", Unit: "ng/mL", Code: "ng/mL", System: terms.UCUM}},
		Effective: checks.Period{Start: checks.Time{Nanos: 1_763_970_300_123_456_789, Precision: checks.ToInstant}, End: checks.Time{Nanos: 1_763_970_300_123_000_000, Precision: checks.ToInstant}},
		Issued:    checks.Time{Nanos: 1_763_970_301_000_000_000, Precision: checks.ToInstant}, Specimen: "Specimen/0f0e0d0c-0b0a-4908-8706-050403020100", Performer: "Organization/lab-1",
		Components: []checks.Component{{Loincs: []string{"2502-3"}, Value: checks.Value{Kind: checks.AbsentValue, Text: "unknown"}}}, Members: []checks.Ref{"Observation/5"}, Method: checks.Concept{Texts: []string{"immunoassay"}}}
	condition := &checks.Condition{Code: text, Clinical: checks.ClinicalRelapse, Verification: checks.VerificationProvisional, Onset: checks.Time{Nanos: 1_577_836_800_000_000_000, Precision: checks.ToYear},
		Recorded: checks.Time{Nanos: 1_580_515_200_000_000_000, Precision: checks.ToMonth}, Abatement: day(20_002), AbatementEnd: day(20_003), AbatedFlag: true, Asserter: "Practitioner/9", FamilyHistory: true}
	version := checks.Version{Updated: 1_763_970_300_000_000_000, Number: "12", Arrival: checks.Arrival{Epoch: 1_700_000_000_123_456_789, Sequence: 42, Entry: 3}}
	return &checks.State{Patient: "Patient/5b0e9a44-8a2e-4b7c-9d51-0f6f3a1c2d3e", Ruleset: "9f86d081884c7d65", Cut: checks.CutEarlier,
		Facts: []checks.Fact{
			{Ref: "Condition/7", Version: version, Kind: checks.KindCondition, Condition: condition},
			{Ref: "DetectedIssue/a-1", Version: version, Kind: checks.KindAcknowledgement, Acknowledgement: &checks.Acknowledgement{
				FlagID: "d3adb33f-0000-8000-8000-000000000001", Basis: "0123456789abcdef", Override: true, Reason: "13", Author: "Practitioner/9", Date: day(20_004), Until: day(20_005)}},
			{Ref: "Medication/8", Version: checks.Version{Number: "1"}, Kind: checks.KindMedication, Medication: &checks.Drug{Names: []string{"Zoloft"}}},
			{Ref: "MedicationDispense/0a0b0c0d-0e0f-4011-8213-141516171819", Version: version, Kind: checks.KindOrder, Order: order},
			{Ref: "Observation/5", Version: version, Kind: checks.KindLab, Lab: lab},
			{Ref: "Observation/6", Version: checks.Version{Updated: 1_763_970_300_123_456_789}, Kind: checks.KindMark, Mark: checks.MarkDeleted},
			{Ref: "Patient/5b0e9a44-8a2e-4b7c-9d51-0f6f3a1c2d3e", Version: version, Kind: checks.KindPatient, Person: &checks.Person{Birth: day(-4_992), Sex: checks.Female, Deceased: true, Linked: true}},
			{Ref: "urn:uuid:0a0b0c0d-0e0f-4011-8213-141516171820", Kind: checks.KindMark, Mark: checks.MarkMoved},
		},
		Flags: []checks.OpenFlag{{Check: "rls-ssri", Ingredient: "sertraline", Severity: checks.Moderate, Number: 7, Digest: 0xfedcba9876543210, Acked: checks.Overridden,
			Implicated: []checks.Ref{"MedicationDispense/0a0b0c0d-0e0f-4011-8213-141516171819", "MedicationRequest/gone"}}}}
}

// golden2 is what testdata/state_v2.bin holds: golden, and what version 2 says more: what of a version could not be read, what was
// cut, and the places of older versions.
func golden2() *checks.State {
	st := golden()
	st.Cut = checks.CutKnown
	for i := range st.Facts {
		f := &st.Facts[i]
		f.Unread = checks.UnreadVersion | checks.NewerUnread
		switch f.Kind {
		case checks.KindCondition:
			f.Condition.Clinical, f.Condition.Verification, f.Condition.Modified = checks.ClinicalUnread, checks.VerificationUnread, true
			f.Condition.Code.Certainty = checks.CertaintyPossible
		case checks.KindOrder:
			f.Unread |= checks.UnreadSupply
			f.Order.Drug.Modified = true
		case checks.KindLab:
			one := *f.Lab
			one.TimeUnread, one.Value = true, checks.Value{Kind: checks.UnreadValue, Text: "modifierExtension"}
			f.Lab.Results = []checks.LabResult{one, {Status: checks.LabFinal, Loincs: []string{"2502-3"}}}
		case checks.KindMark:
			hidden := checks.Fact{Ref: f.Ref, Version: f.Version, Kind: checks.KindOrder, Order: &checks.Order{SupplyDays: "30"}, Unread: checks.UnreadDose}
			f.Kept = &checks.Kept{Past: []checks.Past{{Version: f.Version, Places: checks.AllPlaces, Mark: checks.MarkOther}}, Hidden: &hidden}
		}
	}
	return st
}
