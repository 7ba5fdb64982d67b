// Package terms holds the tables of rlsguard as embedded data and answers questions about codes and names: which
// ingredients and classes a drug has, what a LOINC code measures and in which units, which codes mean restless legs, which routes are systemic.
//
// It must not know patients, FHIR resources, severities or time.
package terms

// Coding is a FHIR Coding: a code of a system, with the name that the sender shows. System is as CanonicalSystem gives it.
type Coding struct {
	System  string
	Code    string
	Display string
}

// Systems by their canonical URL; CanonicalSystem maps OIDs and older URLs to them.
const (
	RxNorm   = "http://www.nlm.nih.gov/research/umls/rxnorm"
	ATC      = "http://www.whocc.no/atc"
	SNOMED   = "http://snomed.info/sct"
	LOINC    = "http://loinc.org"
	ICD10CM  = "http://hl7.org/fhir/sid/icd-10-cm"
	ICD10    = "http://hl7.org/fhir/sid/icd-10"
	ICD10GM  = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
	ICD9CM   = "http://hl7.org/fhir/sid/icd-9-cm"
	ICD11    = "http://id.who.int/icd/release/11/mms"
	ICPC2    = "http://hl7.org/fhir/sid/icpc-2"
	ReadV2   = "http://read.info/readv2"
	NDC      = "http://hl7.org/fhir/sid/ndc"
	DMD      = "https://dmd.nhs.uk"
	UCUM     = "http://unitsofmeasure.org"
	V3Route  = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"
	Absent   = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
	NullFlav = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
)

// Class of an ingredient, as in ingredients.tsv.
type Class string

// The classes.
const (
	SSRI                       Class = "ssri"
	SerotoninModulator         Class = "serotonin_modulator"
	SNRI                       Class = "snri"
	Tricyclic                  Class = "tricyclic"
	Tetracyclic                Class = "tetracyclic"
	AntidepressantOther        Class = "antidepressant_other"
	AntidepressantAlternative  Class = "antidepressant_alternative"
	MAOI                       Class = "maoi"
	Lithium                    Class = "lithium"
	AntipsychoticTypical       Class = "antipsychotic_typical"
	AntipsychoticAtypical      Class = "antipsychotic_atypical"
	AntipsychoticNondopaminerg Class = "antipsychotic_nondopaminergic"
	AntihistamineSedating      Class = "antihistamine_sedating"
	AntihistamineNonsedating   Class = "antihistamine_nonsedating"
	DopamineAntagonistAntiemet Class = "dopamine_antagonist_antiemetic"
	DopamineAntagonistOther    Class = "dopamine_antagonist_other"
	DopamineDepleter           Class = "dopamine_depleter"
	AntiemeticAlternative      Class = "antiemetic_alternative"
	Alpha2Delta                Class = "alpha2delta"
	DopamineAgonist            Class = "dopamine_agonist"
	DopaminePrecursor          Class = "dopamine_precursor"
	IronOral                   Class = "iron_oral"
	IronIV                     Class = "iron_iv"
	Opioid                     Class = "opioid"
	Benzodiazepine             Class = "benzodiazepine"
	ZHypnotic                  Class = "z_hypnotic"
	Barbiturate                Class = "barbiturate"
	MuscleRelaxant             Class = "muscle_relaxant"
	CNSDepressantOther         Class = "cns_depressant_other"
	RLSContraindicated         Class = "rls_contraindicated" // the label contraindicates it in RLS: trimetazidine
)

// Central says how far an ingredient enters the brain.
type Central uint8

// Values of the column central.
const (
	CentralYes Central = iota
	CentralLow
	CentralNo
)

// Ingredient is one row of ingredients.tsv.
type Ingredient struct {
	Name    string
	Class   Class
	Central Central
	Note    string
}

// Systemic says whether a product or route brings the drug into the body.
type Systemic uint8

// Values of the column systemic. LowAbsorbed is doxepin cream and its like; Depends is a nasal route, which the class decides.
const (
	SystemicUnknown Systemic = iota
	SystemicYes
	SystemicNo
	SystemicLowAbsorbed
	SystemicDepends
)

func (s Systemic) String() string {
	return [...]string{"unknown", "yes", "no", "low_absorbed", "depends"}[s]
}

// MatchedBy says what identified a drug.
type MatchedBy uint8

// What identified a drug.
const (
	MatchedNone MatchedBy = iota
	MatchedCode
	MatchedName
)

func (m MatchedBy) String() string { return [...]string{"none", "code", "name"}[m] }

// Found is one ingredient of a classified drug.
type Found struct {
	*Ingredient
	// Doubt: the name is used for another drug elsewhere (brand_reused) or is an ambiguous abbreviation: it counts at most low.
	// It says in words what else the name may be.
	Doubt string
	// Unsure: elsewhere the name means another drug of the same class: the class is certain, the ingredient is not. It says in words
	// what the others are.
	Unsure string
	// Strength of one unit (tablet, capsule, patch) or of one millilitre of the product, in milligrams, as a decimal number; "" when the tables do not tell.
	Strength string
	// PerML: Strength is per millilitre.
	PerML bool
	// Released are the milligrams that one unit, a patch, releases in so many Hours, as decimal numbers; "" for all else, and then it has no Strength.
	Released, Hours string
}

// Match is what the tables say of a drug.
type Match struct {
	By    MatchedBy
	Found []Found
	// Systemic by the product itself: its dose form, or a local ATC code, or form words in a name ("cream"). SystemicUnknown when
	// the product does not tell; then the route decides.
	Systemic Systemic
	// Specific: Systemic comes from a specific product code, which outranks the route.
	Specific bool
	// RouteGroup of products.tsv (oral, injectable, transdermal, ...), "" when unknown.
	RouteGroup string
	// With names other substances of the product that change a check: pyridoxine beside doxylamine.
	With []string
	// Identified: there is something to know the drug by, in our tables or not: a code that they hold, one that is known to be
	// another drug, or a name. False leads to medication-unclassified.
	Identified bool
	// Known says of a code that it is known to be a drug in none of our classes, and by what; "" when no code is.
	Known string
	// NotKnown says of a well-formed code that neither the tables nor the release nor the group of its system tell its drug.
	NotKnown string
	// Table names the table that matched: ingredients.tsv, products.tsv, rxnorm.tsv, ndc.tsv, dmd.tsv, atc.tsv, names.tsv, or site
	// for a site's own.
	Table string
	// SiteTable is the name of the site's table when Table is site.
	SiteTable string
	// Matched is the code or the name that decided, in the words of our tables (never the sender's text).
	Matched string
	// Disagreement tells that two recognised codings of one drug name different ingredients; "" otherwise.
	Disagreement string
}
