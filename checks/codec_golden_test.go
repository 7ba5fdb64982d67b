package checks

import "github.com/rlsguard/rlsguard/checks/terms"

// codecGolden is what testdata/state_v1.bin holds: every kind of fact, and most forms of texts, references and times.
func codecGolden() *State {
	day := func(n int64) Time { return Time{Nanos: n * 86_400_000_000_000, Precision: ToDay} }
	mg := func(v string) Quantity { return Quantity{Value: v, Unit: "mg", Code: "mg", System: terms.UCUM} }
	text := Concept{Codings: []terms.Coding{{System: terms.SNOMED, Code: "32914008", Display: "Restless legs"}}, Texts: []string{"Restless legs"}}
	order := &Order{Kind: Dispense, Status: StatusInProgress, Intent: IntentPlan, DoNotPerform: true, Reported: true, NoMedication: true,
		Drug: Drug{Codings: []terms.Coding{{System: terms.RxNorm, Code: "312938"}, {System: "urn:oid:1.2.3", Code: "X-1", Display: "a display"}},
			Names: []string{"sertraline 50 MG Oral Tablet", "sertraline"}, Forms: []terms.Coding{{System: terms.SNOMED, Code: "385055001"}}, Absent: true,
			Parts: []Part{{Names: []string{"sertraline"}, Ref: "Medication/7", Strength: Ratio{mg("50"), Quantity{Value: "1", Unit: "{tablet}"}}}}},
		MedicationRef: "Medication/8", Authored: Time{Nanos: 1_763_970_300_000_000_000, Precision: ToInstant},
		Effective: Period{Start: day(20_000), End: Time{Nanos: 1_763_970_300_000_000_000, Precision: WithoutOff}}, Reasons: []Concept{text},
		ReasonRefs: []Ref{"Condition/7", "https://other.example/fhir/Condition/1"}, SupplyDays: "30", Repeats: 3, Validity: Period{End: day(20_100)}, SupplyAmount: mg("1500.0"),
		Dosages: []Dosage{{AsNeeded: true, AsNeededReason: text, Route: Concept{Texts: []string{"Oral route"}}, Bounds: Period{Start: day(20_001)}, BoundsLength: Quantity{Value: "3", Code: "d"},
			Timing: Timing{1, "1", "d", 2, 3, 4, "BID", 5, 6}, Dose: mg("12.5"), MaxPerDay: Ratio{mg("0.5"), Quantity{Value: "1", Unit: "d"}}, Sequence: 1}}}
	lab := &LabResult{Status: LabPreliminary, Loincs: []string{"2276-4", "20567-4"}, Value: Value{QuantityValue, Quantity{"45.25", "<=", "ng/mL", "ng/mL", terms.UCUM}, "note", text},
		Effective: Period{Start: Time{Nanos: 1_763_970_300_123_456_789, Precision: ToInstant}, End: Time{Nanos: 1_763_970_300_123_000_000, Precision: ToInstant}},
		Issued:    Time{Nanos: 1_763_970_301_000_000_000, Precision: ToInstant}, Specimen: "Specimen/0f0e0d0c-0b0a-4908-8706-050403020100", Performer: "Organization/lab-1",
		Components: []Component{{[]string{"2502-3"}, Value{Kind: AbsentValue, Text: "unknown"}}}, Members: []Ref{"Observation/5"}, Method: Concept{Texts: []string{"immunoassay"}}}
	condition := &Condition{Code: text, Clinical: ClinicalRelapse, Verification: VerificationProvisional, Onset: Time{Nanos: 1_577_836_800_000_000_000, Precision: ToYear},
		Recorded: Time{Nanos: 1_580_515_200_000_000_000, Precision: ToMonth}, Abatement: day(20_002), AbatementEnd: day(20_003), AbatedFlag: true, Asserter: "Practitioner/9", FamilyHistory: true}
	version := Version{Updated: 1_763_970_300_000_000_000, Number: "12", Arrival: Arrival{Epoch: 1_700_000_000_123_456_789, Sequence: 42, Entry: 3}}
	return &State{Patient: "Patient/5b0e9a44-8a2e-4b7c-9d51-0f6f3a1c2d3e", Ruleset: "9f86d081884c7d65", Cut: 1 << cutEarlier,
		Facts: []Fact{
			{Ref: "Condition/7", Version: version, Kind: KindCondition, Condition: condition},
			{Ref: "DetectedIssue/a-1", Version: version, Kind: KindAcknowledgement, Acknowledgement: &Acknowledgement{"d3adb33f-0000-8000-8000-000000000001", "0123456789abcdef", true, "13", "Practitioner/9", day(20_004), day(20_005)}},
			{Ref: "Medication/8", Version: Version{Number: "1"}, Kind: KindMedication, Medication: &Drug{Names: []string{"Zoloft"}}},
			{Ref: "MedicationDispense/0a0b0c0d-0e0f-4011-8213-141516171819", Version: version, Kind: KindOrder, Order: order},
			{Ref: "Observation/5", Version: version, Kind: KindLab, Lab: lab},
			{Ref: "Observation/6", Version: Version{Updated: 1_763_970_300_123_456_789}, Kind: KindMark, Mark: MarkDeleted},
			{Ref: "Patient/5b0e9a44-8a2e-4b7c-9d51-0f6f3a1c2d3e", Version: version, Kind: KindPatient, Person: &Person{Birth: day(-4_992), Sex: Female, Deceased: true, Linked: true}},
			{Ref: "urn:uuid:0a0b0c0d-0e0f-4011-8213-141516171820", Kind: KindMark, Mark: MarkMoved},
		},
		Flags: []OpenFlag{{Check: "rls-ssri", Ingredient: "sertraline", Severity: Moderate, Number: 7, Digest: 0xfedcba9876543210, Acked: Overridden,
			Implicated: []Ref{"MedicationDispense/0a0b0c0d-0e0f-4011-8213-141516171819", "MedicationRequest/gone"}}}}
}
