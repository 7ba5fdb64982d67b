package terms

import (
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// Texts about a drug that is not given, or about none at all.
func TestTextsThatNameNoDrugOfThePatient(t *testing.T) {
	for _, c := range []struct {
		text       string
		drugs      string
		identified bool
	}{
		{"no sertraline", "", true}, {"Chest rub without promethazine, with codeine", "codeine", true},
		{"not sertraline but citalopram", "citalopram", true},
		{"allergy to sertraline", "", true}, {"Penicillin V (allergic to codeine)", "", true},
		{"Allergies: codeine, takes sertraline", "sertraline", true},
		{"sertraline allergy", "", true}, {"codeine intolerance; tramadol 50 mg", "tramadol 50", true},
		{"intolerant of codeine", "", true},
		{"Benadryl Allergy 25 mg tablet", "diphenhydramine 25 (?)", true},
		{"Children's Allergy diphenhydramine 12.5 mg/5 mL", "diphenhydramine 2.5/ml", true},
		{"allergy relief cetirizine 10 mg tablet", "cetirizine 10", true}, {"Unverträglichkeit gegen Sertralin", "",
			true},

		{"NDC 00049-4900-66", "", false}, {"RxNorm: 312941", "", false}, {"PZN 01234567", "", false},
		{"Rx#12345", "", false}, {"code 4711", "", false},
		{"N06AB06", "", false}, {"RX312941", "", false}, {"MED-0012345", "", false}, {"312941", "", false},
		{"Medication not listed", "", false}, {"See pharmacy note", "", false}, {"Imported drug", "", false},
		{"Drug name not available", "", false},
		{"No known medications", "", false}, {"[Drug name redacted]", "", false}, {"Medication 1", "", false},
		{"졸로푸트정 50mg", "", false}, {"Сертралин 50 мг", "", false}, {"σερτραλίνη", "", false}, {"سيرترالين", "", false},
		{"盐酸舍曲林片 50mg", "", false},

		{"セルトラリン錠50mg", "sertraline 50", true}, {"かぜ薬 葛根湯エキス", "", true}, {"Сертралин (sertraline) 50 мг", "sertraline",
			true},
		{"vitamin B12", "", true}, {"Plan B One-Step", "", true}, {"amlodipine 5 mg", "", true},
		{"Herbal medicine", "", true}, {"5-HTP", "oxitriptan", true},
	} {
		m := Embedded().Classify(nil, []string{c.text})
		if got := drugsIn(m); got != c.drugs || m.Identified != c.identified {
			t.Errorf("%q: %q, identified %t; want %q, %t", c.text, got, m.Identified, c.drugs, c.identified)
		}
	}
}

func TestCodesAsTheyAreSent(t *testing.T) {
	for _, c := range []struct{ system, code, plain string }{
		{codes.SNOMED, " 32914008 |Restless legs| ", "32914008"}, {codes.RxNorm, "312941 ", "312941"},
		{"http://local", "A|B", "A|B"}, {codes.LOINC, "|x", "|x"}, {codes.SNOMED, "", ""},
	} {
		if got := codes.Plain(c.system, c.code); got != c.plain {
			t.Errorf("%s %q: %q, want %q", c.system, c.code, got, c.plain)
		}
	}
	for _, c := range []struct {
		system, code, plain string
		letter              byte
	}{
		{codes.ICD10GM, "G25.81V", "G25.81", 'V'}, {codes.ICD10GM, "G25.81 a", "G25.81", 'A'}, {codes.ICD10GM, "G25.81",
			"G25.81", 0}, {codes.ICD10, "G25.8 Z", "G25.8", 'Z'},
		{codes.ICD10CM, "S72.001A", "S72.001A", 0}, {codes.SNOMED, "32914008V", "32914008V", 0},
		{codes.ICD10GM, "G", "G", 0}, {codes.ICD10GM, "   V", "   V", 0},
	} {
		if plain, letter := codes.CutCertainty(c.system, c.code); plain != c.plain || letter != c.letter {
			t.Errorf("%s %q: %q %q, want %q %q", c.system, c.code, plain, letter, c.plain, c.letter)
		}
	}
	for given, want := range map[string]string{
		"LN": codes.LOINC, "I10": codes.ICD10, "URN:OID:2.16.840.1.113883.6.88": codes.RxNorm,
		"2.16.840.1.113883.6.96": codes.SNOMED, "urn:oid:1.2.276.0.76.5.409": codes.ICD10GM,
		"urn:oid:2.16.578.1.12.4.1.1.7110": codes.ICD10, "urn:oid:1.2.752.116.1.1.1.1.3": codes.ICD10,
		"urn:oid:2.16.840.1.113883.2.4.4.31.1": codes.ICPC2, "urn:oid:9.9.9": "urn:oid:9.9.9",
	} {
		if got := codes.Canonical(given); got != want {
			t.Errorf("%s is %s, want %s", given, got, want)
		}
	}
}
