package codes

// Coding is a FHIR Coding: a code of a system, with the sender's name for it. System is as
// Canonical returns it.
type Coding struct {
	System  string
	Code    string
	Display string
}

// Systems by canonical URL; Canonical maps OIDs and older URLs to these.
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
