package terms

import "strings"

// Systems that have no constant of their own in the vocabulary, as their owners publish them.
const (
	edqm = "http://standardterms.edqm.eu"
	pzn  = "http://fhir.de/CodeSystem/ifa/pzn"
	ncit = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
)

// CanonicalSystem maps OIDs (urn:oid:...), older and national URLs of a code system to the one URL that the tables use; other
// URLs stay. It does not allocate for the URLs that are in use.
func CanonicalSystem(url string) string {
	if c := knownSystem(url); c != "" {
		return c
	}
	trimmed := strings.TrimSpace(url)
	if i := strings.IndexByte(trimmed, '|'); i >= 0 {
		trimmed = trimmed[:i] // a canonical with its version
	}
	trimmed = strings.TrimRight(trimmed, "/")
	if c := knownSystem(trimmed); c != "" {
		return c
	}
	if rest, ok := strings.CutPrefix(trimmed, "https://"); ok {
		if c := knownSystem(plainHTTP(rest)); c != "" {
			return c
		}
	}
	switch {
	case strings.HasPrefix(trimmed, "http://snomed.info/sct/"), strings.HasPrefix(trimmed, "http://snomed.info/xsct"):
		return SNOMED // an edition, perhaps with its date
	case strings.HasPrefix(trimmed, "http://id.who.int/icd/release/11"):
		return ICD11 // one URL a release
	case strings.HasPrefix(trimmed, "https://dmd.nhs.uk/"), strings.HasPrefix(trimmed, "http://dmd.nhs.uk/"):
		return DMD // one URL a kind of product
	}
	return trimmed
}

// plainHTTP gives the http form of a host and path, for the few hosts which senders also write with https.
func plainHTTP(rest string) string {
	for _, known := range [...]string{RxNorm, ATC, SNOMED, LOINC, ICD10, ICD10CM, ICD9CM, ICD11, NDC, UCUM, edqm} {
		if known[len("http://"):] == rest {
			return known
		}
	}
	return ""
}

func knownSystem(url string) string {
	switch url {
	case RxNorm, "urn:oid:2.16.840.1.113883.6.88", "2.16.840.1.113883.6.88", "http://purl.bioontology.org/ontology/RXNORM", "http://rxnorm.info":
		return RxNorm
	case ATC, "urn:oid:2.16.840.1.113883.6.73", "2.16.840.1.113883.6.73",
		"http://fhir.de/CodeSystem/bfarm/atc", "http://fhir.de/CodeSystem/dimdi/atc", "http://fhir.de/CodeSystem/atc",
		"http://www.whocc.no/ATC", "http://whocc.no/atc", "http://www.whocc.no/atc_ddd_index":
		return ATC
	case SNOMED, "urn:oid:2.16.840.1.113883.6.96", "2.16.840.1.113883.6.96", "http://snomed.info":
		return SNOMED
	case LOINC, "urn:oid:2.16.840.1.113883.6.1", "2.16.840.1.113883.6.1", "http://www.loinc.org":
		return LOINC
	case ICD10CM, "urn:oid:2.16.840.1.113883.6.90", "2.16.840.1.113883.6.90", "http://www.icd10data.com/icd10cm":
		return ICD10CM
	case ICD10, "urn:oid:2.16.840.1.113883.6.3", "2.16.840.1.113883.6.3":
		return ICD10
	case ICD10GM, "http://fhir.de/CodeSystem/dimdi/icd-10-gm", "http://fhir.de/CodeSystem/icd-10-gm",
		"http://hl7.org/fhir/sid/icd-10-gm", "urn:oid:2.16.840.1.113883.6.3.3":
		return ICD10GM
	case ICD9CM, "urn:oid:2.16.840.1.113883.6.103", "2.16.840.1.113883.6.103", "urn:oid:2.16.840.1.113883.6.42", "http://hl7.org/fhir/sid/icd-9":
		return ICD9CM
	case ICD11, "http://id.who.int/icd11/mms", "http://hl7.org/fhir/sid/icd-11":
		return ICD11
	case ICPC2, "urn:oid:2.16.840.1.113883.6.139", "http://hl7.org/fhir/sid/icpc-2-nor":
		return ICPC2
	case ReadV2, "urn:oid:2.16.840.1.113883.2.1.6.2", "http://read.info/ReadV2":
		return ReadV2
	case NDC, "urn:oid:2.16.840.1.113883.6.69", "2.16.840.1.113883.6.69":
		return NDC
	case DMD, "http://dmd.nhs.uk":
		return DMD
	case UCUM, "urn:oid:2.16.840.1.113883.6.8", "2.16.840.1.113883.6.8":
		return UCUM
	case V3Route, "urn:oid:2.16.840.1.113883.5.112", "http://hl7.org/fhir/v3/RouteOfAdministration":
		return V3Route
	case Absent, "http://hl7.org/fhir/data-absent-reason":
		return Absent
	case NullFlav, "urn:oid:2.16.840.1.113883.5.1008", "http://hl7.org/fhir/v3/NullFlavor":
		return NullFlav
	case pzn, "urn:oid:1.2.276.0.76.4.6":
		return pzn
	case edqm, "urn:oid:0.4.0.127.0.16.1.1.2.1", "https://standardterms.edqm.eu":
		return edqm
	case ncit, "urn:oid:2.16.840.1.113883.3.26.1.1", "http://ncimeta.nci.nih.gov":
		return ncit
	}
	return ""
}

// isICD10 tells whether a system is ICD-10 in any edition: WHO's, or a national one under whatever URL.
func isICD10(system string) bool {
	switch system {
	case ICD10, ICD10CM, ICD10GM, "urn:oid:2.16.840.1.113883.6.135":
		return true
	}
	if strings.HasPrefix(system, "urn:oid:2.16.840.1.113883.6.3.") {
		return true // language editions of ICD-10
	}
	lower := strings.ToLower(system)
	return strings.Contains(lower, "icd-10") || strings.Contains(lower, "icd10")
}

// isAbsence tells whether a coding only says that there is no code.
func isAbsence(system string) bool { return system == Absent || system == NullFlav }
