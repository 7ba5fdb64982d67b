package codec

import (
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// words are texts written as their position, part of format version 1. Words may be appended, since
// older states do not name them; none may be changed, moved or removed. The first 32 cost one byte,
// the others two.
var words = [...]string{
	0: codes.UCUM, codes.RxNorm, codes.SNOMED, codes.LOINC, codes.ATC, codes.ICD10CM, codes.ICD10,
	7: "ng/mL", "%", "ug/L", "mg", "{tablet}", "mL", "mg/dL", "d", "h", "ug/dL", "umol/L", "TAB", "tablet", "TABLET",
	"CAP", "capsule",
	23: "BID", "QD", "TID", "QHS", "acknowledged", "overridden", "final", "oral", "Oral",
	32: codes.ICD10GM, codes.ICD9CM, codes.ICD11, codes.ICPC2, codes.ReadV2, codes.NDC, codes.V3Route, codes.Absent,
	codes.NullFlav,
	41: "http://standardterms.edqm.eu", "http://fhir.de/CodeSystem/ifa/pzn", "http://dmd.nhs.uk",
	44: "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm",
	"http://terminology.hl7.org/CodeSystem/v3-TimingEvent",
	46: "rls-ssri", "rls-tricyclic", "rls-lithium", "rls-antipsychotic", "rls-antihistamine", "rls-snri",
	"rls-tetracyclic",
	53: "rls-dopamine-antagonist", "iron-labs-missing", "iron-labs-stale", "iron-labs-unusable", "iron-low",
	"rls-iron-unchecked",
	59: "dopamine-agonist-augmentation", "gabapentinoid-respiratory-depression", "gabapentinoid-renal-dose",
	"medication-unclassified",
	63: "s", "min", "wk", "mo", "a", "<", "<=", ">=", ">", "QID", "QOD", "Q4H", "Q6H", "Q8H", "Q12H", "AM", "PM", "BED",
	"HS",
	82: "G25.81", "G25.8", "Q24H", "7A80", "PO", "TD", "IV", "IM", "SC", "NASINHL",
	92: "mcg", "ug", "g", "mmol/L", "nmol/L", "pmol/L", "ng/dL", "mL/min", "mL/min/{1.73_m2}", "g/dL", "ug/mL",
	"mmol/mol", "mg/d",
	105: "{tbl}", "tablets", "capsules", "Tablet", "Capsule", "ml", "µg/l", "µg/L", "ug/l", "ng/ml", "mg/dl", "µmol/l",
	"µmol/L", "umol/l",
	119: "unknown", "masked", "not-applicable", "unsupported", "not-performed", "error", "as-text", "asked-unknown",
	"temp-unknown", "not-asked",
	129: "valueString", "valueCodeableConcept", "valueRange", "valueRatio", "valueBoolean", "valueInteger", "valueTime",
	"valueDateTime", "valuePeriod",
	138: "valueSampledData", "Restless legs", "Restless legs syndrome", "Restless legs (disorder)", "Oral route",
	"Transdermal route",
	144: "gabapentin", "pregabalin", "gabapentin enacarbil", "sertraline", "escitalopram", "citalopram", "fluoxetine",
	"paroxetine", "fluvoxamine",
	153: "trazodone", "vortioxetine", "vilazodone", "venlafaxine", "desvenlafaxine", "duloxetine", "mirtazapine",
	"mianserin", "amitriptyline",
	162: "nortriptyline", "doxepin", "lithium", "quetiapine", "olanzapine", "risperidone", "haloperidol",
	"aripiprazole", "clozapine",
	171: "metoclopramide", "prochlorperazine", "promethazine", "diphenhydramine", "hydroxyzine", "doxylamine",
	"cetirizine", "loratadine",
	179: "pramipexole", "ropinirole", "rotigotine", "levodopa", "ondansetron", "domperidone", "iron", "bupropion",
}

// refTypes are the prefixes of references by position, from 1; the same rule applies as for words.
var refTypes = [...]string{
	1: "MedicationRequest/", "Observation/", "Condition/", "Patient/", "MedicationStatement/", "MedicationDispense/",
	"Medication/",
	8: "DetectedIssue/", "urn:uuid:", "Practitioner/", "PractitionerRole/", "Organization/", "Encounter/", "Specimen/",
	"CarePlan/",
	16: "Device/", "RelatedPerson/", "DiagnosticReport/", "Group/", "Location/", "CareTeam/", "Procedure/",
	"MedicationAdministration/",
	24: "ServiceRequest/", "HealthcareService/", "EpisodeOfCare/", "FamilyMemberHistory/", "AllergyIntolerance/",
	"ClinicalImpression/",
}

// positions finds the position of a word: a small open hash, several times as fast as a map for
// such short words.
type positions struct {
	words []string
	slots [1024]uint16 // position + 1
}

var (
	wordTable = newPositions(words[:])
	typeTable = newPositions(refTypes[:])
)

func newPositions(list []string) *positions {
	t := &positions{words: list}
	for i, w := range list {
		if w == "" {
			continue
		}
		at := wordHash(w)
		for t.slots[at] != 0 {
			at = (at + 1) % uint32(len(t.slots))
		}
		t.slots[at] = uint16(i + 1)
	}
	return t
}

func wordHash(s string) uint32 {
	n := len(s)
	h := uint32(
		n,
	)*0x9E3779B1 ^ uint32(
		s[0],
	)*0x85EBCA6B ^ uint32(
		s[n-1],
	)*0xC2B2AE35 ^ uint32(
		s[n/2],
	)*0x27D4EB2F ^ uint32(
		s[n/4],
	)*0x165667B1
	return h >> 22
}

func (t *positions) find(s string) (int, bool) {
	for at := wordHash(s); t.slots[at] != 0; at = (at + 1) % uint32(len(t.slots)) {
		if i := int(t.slots[at]) - 1; t.words[i] == s {
			return i, true
		}
	}
	return 0, false
}
