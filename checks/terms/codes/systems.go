package codes

import (
	"strings"
)

// Systems without a constant of their own, as published by their owners.
const (
	edqm = "http://standardterms.edqm.eu"
	Pzn  = "http://fhir.de/CodeSystem/ifa/pzn"
	ncit = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
)

// Canonical maps OIDs (urn:oid:...) and older and national URLs of a code system to the URL used by
// the tables; other URLs stay. It does not allocate for current URLs.
func Canonical(url string) string {
	if c := knownSystem(url); c != "" {
		return c
	}
	trimmed := strings.TrimSpace(url)
	if i := strings.IndexByte(trimmed, '|'); i >= 0 {
		trimmed = trimmed[:i] // a versioned canonical
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
	case isOID(trimmed):
		return canonicalOID(trimmed)
	case strings.HasPrefix(trimmed, "http://id.who.int/icd/release/11"):
		return ICD11 // one URL per release
	case strings.HasPrefix(trimmed, "https://dmd.nhs.uk/"), strings.HasPrefix(trimmed, "http://dmd.nhs.uk/"):
		return DMD // one URL per kind of product
	}
	return trimmed
}

// v2Systems are HL7 v2 names of code systems (table 0396), which converters leave where a URL
// belongs.
var v2Systems = map[string]string{
	"LN": LOINC, "SCT": SNOMED, "SCT2": SNOMED, "SNM": SNOMED, "RXNORM": RxNorm, "NDC": NDC, "UCUM": UCUM, "WC": ATC,
	"ATC": ATC,
	"I10": ICD10, "I10C": ICD10CM, "I9C": ICD9CM, "ICD10GM": ICD10GM, "ICPC": ICPC2, "IC2": ICPC2,
}

// isOID reports whether a system is an OID in a spelling that Canonical has not handled yet.
func isOID(system string) bool {
	return len(system) > 8 &&
		(strings.EqualFold(system[:8], "urn:oid:") || system[1] == '.' && isDigit(system[0]) && isDigit(system[2]))
}

// canonicalOID reads OIDs without urn:oid: or with it in capitals, and those of national editions,
// of which Germany has one a year.
func canonicalOID(system string) string {
	oid := system
	if strings.EqualFold(oid[:8], "urn:oid:") {
		oid = oid[8:]
	}
	if c := knownSystem("urn:oid:" + oid); c != "" {
		return c
	}
	for _, n := range nationalOIDs {
		if strings.HasPrefix(oid, n.arc) {
			return n.system
		}
	}
	return "urn:oid:" + oid
}

// nationalOIDs are arcs under which countries publish their editions. Germany gives every yearly
// edition of ICD-10-GM an OID among those of its other code systems, none of which has ICD-like
// codes.
var nationalOIDs = []struct{ arc, system string }{
	{"1.2.276.0.76.5.", ICD10GM},            // Germany
	{"2.16.578.1.12.4.1.1.7110", ICD10},     // Norway
	{"1.2.752.116.1.1.1.", ICD10},           // Sweden
	{"1.2.246.537.6.1.", ICD10},             // Finland
	{"2.16.578.1.12.4.1.1.7170", ICPC2},     // Norway
	{"2.16.840.1.113883.2.4.4.31.1", ICPC2}, // Netherlands, ICPC-1: same code for restless legs
	{"2.16.840.1.113883.6.138", ICPC2},      // ICPC and its translations of 1993
	{"2.16.840.1.113883.6.139", ICPC2},      // ICPC-2 and its translations
}

// plainHTTP returns the http form of a host and path, for the few hosts that senders also write
// with https.
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
	case RxNorm,
		"urn:oid:2.16.840.1.113883.6.88",
		"2.16.840.1.113883.6.88",
		"http://purl.bioontology.org/ontology/RXNORM",
		"http://rxnorm.info":
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
	case ICD9CM,
		"urn:oid:2.16.840.1.113883.6.103",
		"2.16.840.1.113883.6.103",
		"urn:oid:2.16.840.1.113883.6.42",
		"http://hl7.org/fhir/sid/icd-9":
		return ICD9CM
	case ICD11, "http://id.who.int/icd11/mms", "http://hl7.org/fhir/sid/icd-11":
		return ICD11
	case ICPC2, "urn:oid:2.16.840.1.113883.6.139", "http://hl7.org/fhir/sid/icpc-2-nor",
		"http://hl7.org/fhir/sid/icpc-1", "http://hl7.org/fhir/sid/icpc-1-nl":
		return ICPC2 // ICPC-1 has the same code for restless legs
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
	case Pzn, "urn:oid:1.2.276.0.76.4.6":
		return Pzn
	case edqm, "urn:oid:0.4.0.127.0.16.1.1.2.1", "https://standardterms.edqm.eu":
		return edqm
	case ncit, "urn:oid:2.16.840.1.113883.3.26.1.1", "http://ncimeta.nci.nih.gov":
		return ncit
	}
	return v2Systems[url]
}

// IsICD10 reports whether a system is ICD-10 in any edition: WHO's, or a national one under any
// URL.
func IsICD10(system string) bool {
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

// IsAbsence reports whether a coding only says that there is no code.
func IsAbsence(system string) bool { return system == Absent || system == NullFlav }
