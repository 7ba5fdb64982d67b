package issue

// The addresses that this package gives to its own identifiers, code systems and extensions.
// Whoever reads flags may rely on them. deploy/fhir defines them: a new one needs a row in
// definitions_structures_test.go.
const (
	// BaseURL is where all of them begin.
	BaseURL = "https://rlsguard.github.io/fhir"
	// FlagIDSystem is the system of the identifier of a flag.
	FlagIDSystem = BaseURL + "/flag-id"
	// CheckSystem is the system of DetectedIssue.code: the ids of the checks.
	CheckSystem = BaseURL + "/CodeSystem/check"
	// AcknowledgementSystem is the system of mitigation.action in flags: the reason that the
	// acknowledgement gave.
	AcknowledgementSystem = BaseURL + "/CodeSystem/acknowledgement"
	// DOIBase makes the address of DetectedIssue.reference from a DOI.
	DOIBase = "https://doi.org/"
)

const structures = BaseURL + "/StructureDefinition/"

// Extensions of a flag's DetectedIssue. Each occurs at most once, except extAlternative,
// extCitation, extOrder, extCounsel and extClears; an absent value has none.
const (
	// ExtBasis (string) is the basis of a flag: who acknowledges it sends it back. In a mitigation
	// it is the basis that was answered.
	ExtBasis  = structures + "basis"
	extState  = structures + "state"  // code: open, acknowledged, overridden, resolved
	extChange = structures + "change" // code: the kind of transition
	// unsignedInt, decimal beyond 2147483647: counts the transitions of the flag
	extNumber      = structures + "number"
	extReason      = structures + "reason"      // code: why the flag was resolved
	extRLS         = structures + "rls-status"  // code: none, possible, remission, confirmed
	ExtIngredient  = structures + "ingredient"  // string
	extAction      = structures + "action"      // string: the part of detail that says what to do
	extAlternative = structures + "alternative" // string, one each, in their order
	extCitation    = structures + "citation"    // complex: source, doi, strength, review (strings), in their order
	extNext        = structures + "next"        // complex: at (dateTime), to (code): what time alone changes first
	extRuleset     = structures + "ruleset"     // string: hash of tables, rules and settings
	// complex: ref, product, dose, since (strings): what an implicated order says, in their order
	extOrder = structures + "order"
	// string, one each: advice that is the same for every flag of the patient
	extCounsel  = structures + "counsel"
	extAudience = structures + "audience" // code: patient, where the texts are plain words
	// complex, one each, in their order: a single change after which the flag would not be open, by
	// what was known at identifiedDateTime. change and value (codes), target (string, one each),
	// drug, from and text (strings), days (unsignedInt), wanted (boolean), result (one each; analyte, comparator,
	// value, unit), dose (comparator, value, unit), opens (code, one each)
	extClears    = structures + "clears"
	extClearsCut = structures + "clears-cut" // boolean true: there were more changes to try
)

// Extensions of a flag's mitigation.
const (
	ExtFlagID   = structures + "acknowledged-flag" // string: the flag id that the acknowledgement named
	ExtOverride = structures + "override"          // boolean true: an override; else the flag was noted
	// ExtDate is mitigation.date where FHIR has no dateTime for it: a time of day without an
	// offset.
	ExtDate = structures + "local-date"
	// ExtComment (string) is what whoever answered wrote beside the reason.
	ExtComment = structures + "answer-comment"
)

// ExtUntil is the extension of an acknowledging DetectedIssue with the time (valueDateTime) up to
// which it holds.
const ExtUntil = BaseURL + "/StructureDefinition/until"
