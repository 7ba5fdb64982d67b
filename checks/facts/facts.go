package facts

import (
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/unread"
)

// Kind says what a Fact is about.
type Kind uint8

// The kinds of facts. A KindMark is a resource of which only reference and version matter:
// irrelevant, entered in error, deleted, or now another patient's. It is kept so that an older
// version, arriving late, does not count.
const (
	KindMark Kind = iota
	KindOrder
	KindLab
	KindCondition
	KindMedication
	KindPatient
	KindAcknowledgement
)

// MarkReason says why a resource is only a mark.
type MarkReason uint8

// Reasons of a mark.
const (
	MarkOther          MarkReason = iota // nothing in it concerns us
	MarkEnteredInError                   // entered-in-error
	MarkDeleted                          // a DELETE entry
	MarkMoved                            // its newest version is about another patient
)

// Fact is the newest known version of one resource. Exactly the pointer that Kind names is set;
// none for a mark.
type Fact struct {
	Ref     Ref
	Version Version
	Kind    Kind
	Mark    MarkReason
	Unread  unread.Parts // parts of this version that were present but unreadable

	// Kept is what the limits need to know of older versions; nil for most resources.
	Kept *Kept

	Order           *Order
	Lab             *LabResult
	Condition       *Condition
	Medication      *Drug
	Person          *Person
	Acknowledgement *Acknowledgement
}

// OrderKind distinguishes the three resources that say a patient takes a drug.
type OrderKind uint8

// Order kinds.
const (
	Request   OrderKind = iota // MedicationRequest
	Dispense                   // MedicationDispense
	Statement                  // MedicationStatement
)

// OrderStatus covers the statuses of all three resources; codes as in FHIR R4.
type OrderStatus uint8

// Order statuses. Absent counts as unknown. MedicationDispense: preparation and in-progress are
// InProgress, declined is Cancelled. MedicationStatement: intended is Draft, not-taken is NotTaken.
// Entered in error does not occur: that is a mark.
const (
	StatusUnknown OrderStatus = iota
	StatusActive
	StatusDraft
	StatusOnHold
	StatusStopped
	StatusCancelled
	StatusCompleted
	StatusInProgress
	StatusNotTaken
)

// Intent of a MedicationRequest; absent counts as order, and the other two resources have
// IntentOrder.
type Intent uint8

// Intents. IntentOrder covers order, original-order, reflex-order, filler-order and instance-order.
const (
	IntentOrder Intent = iota
	IntentProposal
	IntentPlan
	IntentOption
)

// Drug is a medication as sent: a CodeableConcept or a Medication resource.
type Drug struct {
	Codings []codes.Coding // code.coding with a system, in the order sent; displays are in Names
	Names   []string       // code.text and the displays, without duplicates
	// Forms are Medication.form: codes and names together.
	Forms []codes.Coding
	// Parts are Medication.ingredient, for products identified only by their ingredients.
	Parts []Part
	// Absent: the code is a data-absent-reason or null flavour.
	Absent bool
	// Modified: the Medication has a modifierExtension, which may change all its meaning.
	Modified bool
}

// Part is one Medication.ingredient.
type Part struct {
	Codings []codes.Coding
	Names   []string
	Ref     Ref // itemReference, if it does not resolve inside the resource
	// Strength as numerator over denominator, with units as sent.
	Strength Ratio
}

// Quantity is a FHIR Quantity as sent; the number stays text, so that nothing is lost or rounded.
type Quantity struct {
	Value      string // JSON number; "" if absent
	Comparator string // "<", "<=", ">=", ">" or ""
	Unit       string // unit text
	Code       string // unit code
	System     string // system of Code; http://unitsofmeasure.org for UCUM
}

// Ratio is a FHIR Ratio.
type Ratio struct{ Numerator, Denominator Quantity }

// Period is a FHIR Period; either end may be absent.
type Period struct{ Start, End moment.Time }

// Order is one MedicationRequest, MedicationDispense or MedicationStatement.
type Order struct {
	Kind         OrderKind
	Status       OrderStatus
	Intent       Intent
	DoNotPerform bool
	Reported     bool // reportedBoolean true or reportedReference

	Drug          Drug
	MedicationRef Ref // medicationReference that is not contained; the Medication is a fact of its own
	// NoMedication: the resource names no medication at all.
	NoMedication bool

	// Authored: authoredOn of a request; whenHandedOver, else whenPrepared, of a dispense; start of
	// effective[x], else dateAsserted, of a statement.
	Authored moment.Time
	// Effective is effective[x] of a statement; a dateTime sets only Start.
	Effective Period

	Reasons    []Concept // reasonCode
	ReasonRefs []Ref     // reasonReference
	Dosages    []Dosage  // dosageInstruction, or dosage of a statement

	// Supply from dispenseRequest (request) or daysSupply (dispense).
	SupplyDays   string // expectedSupplyDuration or daysSupply in days, a decimal number; "" if unknown
	Repeats      int    // numberOfRepeatsAllowed
	Validity     Period // dispenseRequest.validityPeriod
	SupplyAmount Quantity
}

// Concept is a CodeableConcept that may be a reason or a diagnosis.
type Concept struct {
	Codings []codes.Coding
	Texts   []string // text and displays, without duplicates
	// Certainty of a diagnosis, which ICD-10-GM adds to a code.
	Certainty Certainty
}

// Certainty is the additional mark of ICD-10-GM (Zusatzkennzeichen der Diagnosensicherheit). G, a
// certain diagnosis, adds nothing to the code.
type Certainty uint8

// Certainties. Of several in one concept the highest counts.
const (
	CertaintyAsCoded  Certainty = iota // no mark, or G
	CertaintyPossible                  // V (suspected), or an unreadable mark
	CertaintyShut                      // A (excluded) or Z (state after): not a current diagnosis of this patient
)

// Dosage is one FHIR Dosage. Numbers are never read from its text.
type Dosage struct {
	AsNeeded       bool
	AsNeededReason Concept
	Route          Concept
	Bounds         Period   // timing.repeat.boundsPeriod
	BoundsLength   Quantity // timing.repeat.boundsDuration (the high end of a boundsRange)
	Timing         Timing
	Dose           Quantity // doseQuantity; the high end of a doseRange
	MaxPerDay      Ratio    // maxDosePerPeriod
	Sequence       int      // 0 if absent
}

// Timing is the part of timing.repeat that decides how often a dose is taken.
type Timing struct {
	Frequency  int    // frequency, the larger of frequency and frequencyMax; 0 if absent
	Period     string // period, a decimal number; "" if absent
	PeriodUnit string // s, min, h, d, wk, mo, a
	When       int    // number of when codes
	TimesOfDay int    // number of timeOfDay
	DaysOfWeek int    // number of dayOfWeek
	Code       string // timing.code.coding.code: BID, QD, Q8H, ...
	Count      int    // count; 0 if absent
	Events     int    // number of timing.event
}

// LabStatus of an Observation; codes as in FHIR R4. Entered in error does not occur: that is a
// mark.
type LabStatus uint8

// Observation statuses. Final covers final, amended and corrected.
const (
	LabUnknown LabStatus = iota
	LabFinal
	LabPreliminary
	LabRegistered
	LabCancelled
)

// LabResult is one Observation whose code, or a component's code, is in labs.tsv, or that has no
// usable code.
type LabResult struct {
	Status    LabStatus
	Loincs    []string // LOINC codes of Observation.code that are in labs.tsv
	Value     Value
	Effective Period // effectiveDateTime and effectiveInstant set only Start
	Issued    moment.Time
	Specimen  Ref
	// Components with a code of labs.tsv.
	Components []Component
	Members    []Ref // hasMember
	Performer  Ref   // first performer, for limits of one laboratory
	Method     Concept
	// TimeUnread: an effective time is present but unreadable, so this may be the newest result,
	// but no newer than Effective.End if that is set.
	TimeUnread bool
	// Results of a DiagnosticReport that contains them, each with the report's subject, time and
	// status.
	Results []LabResult
}

// Component is one Observation.component.
type Component struct {
	Loincs []string
	Value  Value
}

// ValueKind says in which form a result was sent.
type ValueKind uint8

// Forms of a result.
const (
	NoValue       ValueKind = iota // nothing, and no reason given
	QuantityValue                  // valueQuantity
	TextValue                      // valueString
	CodedValue                     // valueCodeableConcept
	AbsentValue                    // dataAbsentReason
	OtherValue                     // a range, ratio, boolean, ...: named in Text
	// UnreadValue: a value that cannot be read, two values, or one under a modifierExtension, which
	// may reverse its meaning.
	UnreadValue
)

// Value is Observation.value[x] or dataAbsentReason.
type Value struct {
	Kind     ValueKind
	Quantity Quantity
	Text     string // text of a TextValue, code of an AbsentValue, name of value[x] of an OtherValue
	Concept  Concept
}

// ClinicalStatus and Verification of a Condition; codes as in FHIR R4.
type (
	ClinicalStatus uint8
	Verification   uint8
)

// Clinical statuses.
const (
	ClinicalAbsent ClinicalStatus = iota
	ClinicalActive
	ClinicalRecurrence
	ClinicalRelapse
	ClinicalInactive
	ClinicalRemission
	ClinicalResolved
	ClinicalUnread // present but unknown
)

// Verification statuses. Entered in error does not occur: that is a mark.
const (
	VerificationAbsent Verification = iota
	VerificationConfirmed
	VerificationUnconfirmed
	VerificationProvisional
	VerificationDifferential
	VerificationRefuted
	VerificationUnread // present but unknown
)

// Condition is one Condition whose code is in rls_conditions.tsv or whose text names restless legs;
// all others are marks.
type Condition struct {
	Code         Concept // only codings in the table, and only texts that name restless legs
	Clinical     ClinicalStatus
	Verification Verification
	Onset        moment.Time
	Recorded     moment.Time // recordedDate
	// Abatement: the time given; AbatedFlag for a string, age, range or boolean true, which say
	// that it is over but not since when.
	Abatement     moment.Time
	AbatementEnd  moment.Time // end of an abatementPeriod
	AbatedFlag    bool
	Asserter      Ref
	FamilyHistory bool
	Modified      bool // it has a modifierExtension, which may change all its meaning
}

// Sex is Patient.gender.
type Sex uint8

// Administrative genders of FHIR.
const (
	SexUnknown Sex = iota
	Female
	Male
	SexOther
)

// Person is the part of a Patient resource that matters.
type Person struct {
	Birth    moment.Time
	Sex      Sex
	Deceased bool
	Died     moment.Time // deceasedDateTime; absent if there is only deceasedBoolean
	Linked   bool        // Patient.link is present: merges are counted, not followed
}

// Acknowledgement is a DetectedIssue that answers a flag.
type Acknowledgement struct {
	FlagID   string
	Basis    string
	Override bool   // an override reason was given; else merely acknowledged
	Reason   string // code of mitigation.action
	Author   string // reference or display of mitigation.author
	Comment  string // words of whoever answered
	Date     moment.Time
	Until    moment.Time
}
