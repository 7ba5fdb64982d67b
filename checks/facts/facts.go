package facts

import (
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/unread"
)

// Kind says what a Fact tells.
type Kind uint8

// The kinds of facts. KindMark is a resource of which only reference and version matter: it is not
// ours (another code), was entered in error, was deleted, or belongs to another patient by now. It
// stays so that an older version of the same resource, arriving late, does not count.
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
	Unread  unread.Parts // what of this version was there and could not be read

	// Kept is what the limits need to know of older versions; nil for most resources.
	Kept *Kept

	Order           *Order
	Lab             *LabResult
	Condition       *Condition
	Medication      *Drug
	Person          *Person
	Acknowledgement *Acknowledgement
}

// OrderKind tells the three resources that say a patient takes a drug apart.
type OrderKind uint8

// Order kinds.
const (
	Request   OrderKind = iota // MedicationRequest
	Dispense                   // MedicationDispense
	Statement                  // MedicationStatement
)

// OrderStatus covers the statuses of the three resources; codes as in FHIR R4.
type OrderStatus uint8

// Order statuses. Absent counts as unknown. MedicationDispense: preparation and in-progress are
// InProgress, declined is Cancelled. MedicationStatement: intended is Draft, not-taken is NotTaken.
// EnteredInError does not occur: that is a mark.
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
	Names   []string       // code.text and the displays, without repetition
	// Forms are Medication.form: codes and names together.
	Forms []codes.Coding
	// Parts are Medication.ingredient, for products identified only through what is in them.
	Parts []Part
	// Absent: a data-absent-reason or null flavour stands where the code should be.
	Absent bool
	// Modified: the Medication has a modifierExtension, which may change the meaning of all of it.
	Modified bool
}

// Part is one Medication.ingredient.
type Part struct {
	Codings []codes.Coding
	Names   []string
	Ref     Ref // itemReference, when it does not resolve inside the resource
	// Strength as numerator over denominator, with units as sent.
	Strength Ratio
}

// Quantity is a FHIR Quantity as sent; the number stays text, so that nothing is lost or rounded.
type Quantity struct {
	Value      string // JSON number; "" when absent
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
	MedicationRef Ref // medicationReference that is not contained; the Medication's content is a fact of its own
	// NoMedication: the resource names no medication at all.
	NoMedication bool

	// Authored: authoredOn of a request; whenHandedOver, else whenPrepared, of a dispense; start of
	// effective[x], else dateAsserted, of a statement.
	Authored moment.Time
	// Effective is effective[x] of a statement; a dateTime is a period of the same start and end...
	// only Start is set then.
	Effective Period

	Reasons    []Concept // reasonCode
	ReasonRefs []Ref     // reasonReference
	Dosages    []Dosage  // dosageInstruction, or dosage of a statement

	// Supply as dispenseRequest says (request), or daysSupply (dispense).
	SupplyDays   string // expectedSupplyDuration or daysSupply in days, a decimal number; "" when not known
	Repeats      int    // numberOfRepeatsAllowed
	Validity     Period // dispenseRequest.validityPeriod
	SupplyAmount Quantity
}

// Concept is a CodeableConcept that may be a reason or a diagnosis.
type Concept struct {
	Codings []codes.Coding
	Texts   []string // text and displays, without repetition
	// Certainty of a diagnosis as ICD-10-GM adds it to a code.
	Certainty Certainty
}

// Certainty is the additional mark of certainty of ICD-10-GM (Zusatzkennzeichen der
// Diagnosensicherheit). G, a certain diagnosis, says nothing more than the code does.
type Certainty uint8

// Certainties. Of several in one concept the highest counts.
const (
	CertaintyAsCoded  Certainty = iota // no mark, or G
	CertaintyPossible                  // V (suspected), or a mark that cannot be read
	CertaintyShut                      // A (excluded) or Z (state after): not this patient's diagnosis now
)

// Dosage is one FHIR Dosage. TextOnly text is never read for numbers.
type Dosage struct {
	AsNeeded       bool
	AsNeededReason Concept
	Route          Concept
	Bounds         Period   // timing.repeat.boundsPeriod
	BoundsLength   Quantity // timing.repeat.boundsDuration (the high end of a boundsRange)
	Timing         Timing
	Dose           Quantity // doseQuantity; the high end of a doseRange
	MaxPerDay      Ratio    // maxDosePerPeriod
	Sequence       int      // sequence; 0 when absent
}

// Timing is what of timing.repeat decides how often a dose is taken.
type Timing struct {
	Frequency  int    // frequency, the larger of frequency and frequencyMax; 0 when absent
	Period     string // period, a decimal number; "" when absent
	PeriodUnit string // s, min, h, d, wk, mo, a
	When       int    // number of when codes
	TimesOfDay int    // number of timeOfDay
	DaysOfWeek int    // number of dayOfWeek
	Code       string // timing.code.coding.code: BID, QD, Q8H, ...
	Count      int    // count; 0 when absent
	Events     int    // number of timing.event
}

// LabStatus of an Observation; codes as in FHIR R4. EnteredInError does not occur: that is a mark.
type LabStatus uint8

// Observation statuses. Final covers final, amended and corrected.
const (
	LabUnknown LabStatus = iota
	LabFinal
	LabPreliminary
	LabRegistered
	LabCancelled
)

// LabResult is one Observation whose code, or the code of one of its components, is in labs.tsv, or
// that has no code to go by.
type LabResult struct {
	Status    LabStatus
	Loincs    []string // LOINC codes of Observation.code that are in labs.tsv
	Value     Value
	Effective Period // effectiveDateTime and effectiveInstant have only Start
	Issued    moment.Time
	Specimen  Ref
	// Components with a code of labs.tsv.
	Components []Component
	Members    []Ref // hasMember
	Performer  Ref   // first performer, for limits of one laboratory
	Method     Concept
	// TimeUnread: there is an effective time and it cannot be read, so this may be the newest
	// result; but no newer than Effective.End, where that is set.
	TimeUnread bool
	// Results of a DiagnosticReport that contains them, each with the subject, time and status that
	// it has from its report.
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
	// UnreadValue: a value that cannot be read, two of them, or one under a modifierExtension,
	// which may turn its meaning around.
	UnreadValue
)

// Value is Observation.value[x] or dataAbsentReason.
type Value struct {
	Kind     ValueKind
	Quantity Quantity
	Text     string // the text of a TextValue, the code of an AbsentValue, the name of value[x] of an OtherValue
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
	ClinicalUnread // there, and none that is known
)

// Verification statuses. EnteredInError does not occur: that is a mark.
const (
	VerificationAbsent Verification = iota
	VerificationConfirmed
	VerificationUnconfirmed
	VerificationProvisional
	VerificationDifferential
	VerificationRefuted
	VerificationUnread // there, and none that is known
)

// Condition is one Condition whose code is in rls_conditions.tsv or whose text names restless legs;
// all others are marks.
type Condition struct {
	Code         Concept // only the codings that the table holds, and only texts that name restless legs
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
	Modified      bool // it has a modifierExtension, which may change the meaning of all of it
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

// Person is what of a Patient resource matters.
type Person struct {
	Birth    moment.Time
	Sex      Sex
	Deceased bool
	Died     moment.Time // deceasedDateTime; absent where only deceasedBoolean says so
	Linked   bool        // Patient.link is there: merges are counted, not followed
}

// Acknowledgement is a DetectedIssue that answers a flag.
type Acknowledgement struct {
	FlagID   string
	Basis    string
	Override bool   // an override reason; else noted
	Reason   string // code of mitigation.action
	Author   string // reference or display of mitigation.author
	Comment  string // in the words of whoever answered
	Date     moment.Time
	Until    moment.Time
}
