package fhir

// The addresses that this package gives to its own identifiers, code systems and extensions. Whoever reads flags may rely on them.
const (
	// BaseURL is where all of them begin.
	BaseURL = "https://rlsguard.github.io/fhir"
	// FlagIDSystem is the system of the identifier of a flag.
	FlagIDSystem = BaseURL + "/flag-id"
	// CheckSystem is the system of DetectedIssue.code: the ids of the checks.
	CheckSystem = BaseURL + "/CodeSystem/check"
	// AcknowledgementSystem is the system of mitigation.action in flags: the reason that the acknowledgement gave.
	AcknowledgementSystem = BaseURL + "/CodeSystem/acknowledgement"
	// DOIBase makes the address of DetectedIssue.reference from a DOI.
	DOIBase = "https://doi.org/"
)

const structures = BaseURL + "/StructureDefinition/"

// Extensions of a flag's DetectedIssue. Each occurs at most once, except ExtAlternative, ExtCitation, ExtOrder and ExtCounsel; an absent value has none.
const (
	// ExtBasis (string) is the basis of a flag: who acknowledges it sends it back. In a mitigation it is the basis that was answered.
	ExtBasis       = structures + "basis"
	ExtState       = structures + "state"       // code: open, acknowledged, overridden, resolved
	ExtChange      = structures + "change"      // code: the kind of transition
	ExtNumber      = structures + "number"      // unsignedInt, decimal beyond 2147483647: counts the transitions of the flag
	ExtReason      = structures + "reason"      // code: why the flag was resolved
	ExtRLS         = structures + "rls-status"  // code: none, possible, remission, confirmed
	ExtIngredient  = structures + "ingredient"  // string
	ExtAction      = structures + "action"      // string: the part of detail that says what to do
	ExtAlternative = structures + "alternative" // string, one each, in their order
	ExtCitation    = structures + "citation"    // complex: source, doi, strength, review (strings), in their order
	ExtRuleset     = structures + "ruleset"     // string: hash of tables, rules and settings
	ExtOrder       = structures + "order"       // complex: ref, product, dose, since (strings): what an implicated order says, in their order
	ExtCounsel     = structures + "counsel"     // string, one each: advice that is the same for every flag of the patient
	ExtAudience    = structures + "audience"    // code: patient, where the texts are plain words
)

// Extensions of a flag's mitigation.
const (
	ExtFlagID   = structures + "acknowledged-flag" // string: the flag id that the acknowledgement named
	ExtOverride = structures + "override"          // boolean true: an override; else the flag was noted
	// ExtDate is mitigation.date where FHIR has no dateTime for it: a time of day without an offset.
	ExtDate = structures + "local-date"
)
