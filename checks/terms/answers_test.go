package terms

import (
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/forms"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		coding         codes.Coding
		text           string
		systemic, name string
	}{
		{codes.Coding{System: codes.SNOMED, Code: "26643006"}, "", "yes", "oral"},
		{codes.Coding{System: "urn:oid:2.16.840.1.113883.6.96", Code: "26643006"}, "", "yes", "oral"},
		{codes.Coding{System: codes.SNOMED, Code: "6064005", Display: "Topical Route"}, "", "no", "topical"},
		{codes.Coding{System: codes.SNOMED, Code: "46713006"}, "", "depends", "nasal"},
		{codes.Coding{System: codes.SNOMED, Code: "45890007"}, "", "yes", "transdermal"},
		// the code is trusted
		{codes.Coding{System: codes.SNOMED, Code: "47625008", Display: "Subcutaneous"}, "", "yes", "intravenous"},
		{codes.Coding{System: "http://standardterms.edqm.eu", Code: "20053000", Display: "Oral use"}, "", "yes",
			"oral"},
		{codes.Coding{System: "http://standardterms.edqm.eu", Code: "20003000"}, "", "no", "cutaneous"},
		{codes.Coding{System: "urn:oid:2.16.840.1.113883.3.26.1.1", Code: "C38288"}, "", "yes", "oral"},
		{codes.Coding{System: "http://hl7.org/fhir/v3/RouteOfAdministration", Code: "PO"}, "", "yes", "oral"},
		{codes.Coding{System: "http://example.com/local", Code: "17", Display: "Anwendung am Auge"}, "", "no",
			"ophthalmic"},
		{codes.Coding{System: "http://example.com/local", Code: "PO"}, "", "yes", "oral"},
		{codes.Coding{System: "https://fimea.fi/route", Code: "1055", Display: "Suun kautta"}, "", "yes", "oral"},
		{codes.Coding{}, "voie cutanée", "no", "cutaneous"},
		{codes.Coding{}, "vía oral", "yes", "oral"},
		{codes.Coding{}, "into each nostril", "depends", "nasal"},
		{codes.Coding{}, "IM", "yes", "intramuscular"},
		{codes.Coding{}, "as needed", "unknown", ""},
		{codes.Coding{System: codes.SNOMED, Code: "1"}, "", "unknown", ""},
	} {
		systemic, name := forms.Route([]codes.Coding{c.coding}, []string{c.text})
		if systemic.String() != c.systemic || name != c.name {
			t.Errorf("%v %q: %s %q, want %s %q", c.coding, c.text, systemic, name, c.systemic, c.name)
		}
	}
}

func TestForms(t *testing.T) {
	for display, want := range map[string]string{
		"Film-coated tablet": "yes", "Tablet dose form (qualifier value)": "yes", "Capsule, hard": "yes",
		"Solution for infusion":  "yes",
		"Solution for injection": "yes", "Ointment": "no", "Creme": "no", "Gel": "no", "Filmtabletten": "yes",
		"Opthalmic Solution (qualifier value)": "no",
		"Nasal Spray":                          "depends", "Oral suspension (qualifier value)": "yes",
		"Transdermal patch": "yes", "Oral gel": "yes", "Augentropfen": "no",
		"Zäpfchen": "yes", "collyre": "no", "Kapsułki": "yes", "Soft gel capsule": "yes", "Eye drops": "no",
		"Vaginal tablet": "no", "Rectal gel": "yes",
		"Retardtabletten": "yes", "Vaginalcreme": "no", "Dosage Form": "unknown", "Lösung": "unknown", "": "unknown",
		"軟膏": "no", "錠剤": "yes",
	} {
		if got := forms.Form([]codes.Coding{{Display: display}}); got.String() != want {
			t.Errorf("%q: %s, want %s", display, got, want)
		}
	}
	if got := forms.Form([]codes.Coding{{System: "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_KBV_DARREICHUNGSFORM",
		Code: "TAB"}}); got != drugs.SystemicYes {
		t.Errorf("TAB: %s", got)
	}
}

func TestLabs(t *testing.T) {
	for _, c := range []struct {
		loinc   string
		analyte labs.Analyte
		use     labs.Use
		molar   bool
	}{
		{"2276-4", labs.Ferritin, labs.Evaluate, false},
		{"14723-1", labs.Ferritin, labs.Evaluate, true},
		{"24373-3", labs.Ferritin, labs.EvaluateWithNote, false},
		{"86914-9", labs.Ferritin, labs.Exclude, false}, // a goal
		{"14724-9", labs.Ferritin, labs.Exclude, false},
		{"2502-3", labs.TSAT, labs.Evaluate, false},
		{"2500-7", labs.TIBC, labs.Evaluate, false},
		{"2501-5", labs.UIBC, labs.Evaluate, false},
		{"22674-6", labs.Transferrin, labs.Evaluate, true},
		{"30248-9", labs.TransferrinReceptor, labs.Exclude, false},
		{"50190-8", labs.IronPanel, labs.Panel, false},
		{"11041-1", labs.Creatinine, labs.DialysisMarker, false},
		{"33914-3", labs.EGFR, labs.ContextRenal, false},
		{"82810-3", labs.PregnancyStatus, labs.ContextPregnancy, false},
	} {
		lab, ok := labs.Find(c.loinc)
		if !ok || lab.Analyte != c.analyte || lab.Use != c.use || lab.Molar != c.molar {
			t.Errorf("%s: %+v", c.loinc, lab)
		}
		if !labs.Known([]byte(c.loinc)) {
			t.Errorf("%s is not relevant", c.loinc)
		}
	}
	if labs.Known([]byte("8302-2")) {
		t.Error("body height is relevant")
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct{ loinc, unit, factor string }{
		{"2276-4", "ng/mL", "1"},
		{"2276-4", "ug/L", "1"},
		{"2276-4", "µg/L", "1"}, // micro sign
		{"2276-4", "μg/l", "1"}, // Greek mu
		{"2276-4", "mcg/L", "1"},
		{"2276-4", "ng/ml", "1"},
		{"2276-4", " ng/mL ", "1"},
		{"2276-4", "pmol/L", "0.445"},
		{"2276-4", "NG/ML", "1"},
		{"2276-4", "", ""},
		{"2276-4", "%", ""},
		{"2502-3", "%", "1"},
		{"2502-3", "1", "100"},
		{"2502-3", "{ratio}", "100"},
		{"2498-4", "umol/l", "5.5845"},
		{"3034-6", "g/l", "100"},
		{"33914-3", "ml/min/1.73m2", "1"},
		{"33914-3", "mL/min/{1.73_m2}", "1"},
		{"29463-7", "[lb_av]", "0.45359237"},
	} {
		lab, _ := labs.Find(c.loinc)
		factor, ok := lab.Factor(c.unit)
		if factor != c.factor || ok != (c.factor != "") {
			t.Errorf("%s in %q: %q %t, want %q", c.loinc, c.unit, factor, ok, c.factor)
		}
	}
}

func TestConditions(t *testing.T) {
	for _, c := range []struct{ system, code, counts, group string }{
		{codes.SNOMED, "32914008", "yes", "rls"},
		{"urn:oid:2.16.840.1.113883.6.96", "32914008", "yes", "rls"},
		{"http://snomed.info/sct/731000124108", "32914008", "yes", "rls"},
		{codes.SNOMED, "1052284009", "yes", "rls_pregnancy"},
		{codes.ICD10CM, "G25.81", "yes", "rls"},
		{codes.ICD10CM, "G2581", "yes", "rls"},
		{codes.ICD10CM, "g25.81", "yes", "rls"},
		{"urn:oid:2.16.840.1.113883.6.90", "G25.81", "yes", "rls"},
		{codes.ICD10, "G25.81", "yes", "rls"},
		{codes.ICD10GM, "G25.81", "yes", "rls"},
		{"http://fhir.de/CodeSystem/dimdi/icd-10-gm", "G25.81", "yes", "rls"},
		{"http://hl7.org/fhir/sid/icd-10-am", "G25.81", "yes", "rls"},
		{"http://hl7.org/fhir/sid/icd-10-se", "G25.81", "yes", "rls"},
		{codes.ICD10, "G25.8", "possible", "rls"},
		{"http://hl7.org/fhir/sid/icd-10-am", "G25.8", "possible", "rls"},
		{codes.ICD9CM, "333.94", "yes", "rls"},
		{codes.ICD9CM, "33394", "yes", "rls"},
		{"urn:oid:2.16.840.1.113883.6.103", "333.99", "possible", "rls"},
		{codes.ICD11, "7A80", "yes", "rls"},
		{"http://id.who.int/icd/release/11/2024-01/mms", "7A80", "yes", "rls"},
		{codes.ICPC2, "N04", "yes", "rls"},
		{codes.ReadV2, "F13z2", "yes", "rls"},
		{codes.ReadV2, "F13z200", "yes", "rls"},
		{codes.ICD10CM, "G47.61", "no", "lookalike"},
		{codes.ICD10CM, "G25.71", "no", "lookalike_signal"},
		{codes.ICD10CM, "N18.6", "no", "context_esrd"},
		{codes.ICD10CM, "J44.1", "no", "context_respiratory"},
		{codes.ICD10GM, "J44.12", "no", "context_respiratory"},
		{codes.ICD10CM, "E83.119", "no", "context_iron_caution"},
		{codes.ICD10CM, "G20.A1", "no", "context_dopaminergic"},
		{codes.ICD10CM, "G20.A", "no", "context_dopaminergic"},
		{codes.ICD10GM, "G20.11", "no", "context_dopaminergic"},
		{codes.ICD10CM, "G21.11", "", ""},
		{"", "G25.81", "", ""}, // a missing system is never guessed
		{codes.SNOMED, "G25.81", "", ""},
		{codes.LOINC, "32914008", "", ""},
		{codes.ICD10CM, "G25.9", "", ""},
	} {
		row, ok := conditions.Find(codes.Coding{System: c.system, Code: c.code})
		if ok != (c.group != "") || ok && (row.Counts.String() != c.counts || row.Group != c.group) {
			t.Errorf("%s %s: %+v %t, want %s %s", c.system, c.code, row, ok, c.counts, c.group)
		}
	}
}

func TestRLSText(t *testing.T) {
	for text, want := range map[string]bool{
		"Restless legs":                                 true,
		"Restless Leg Syndrome (RLS)":                   true,
		"restless-legs syndrome, moderate":              true,
		"Willis-Ekbom disease":                          true,
		"Ekbom syndrome of the legs":                    true,
		"Restless-Legs-Syndrom":                         true,
		"Syndrom der unruhigen Beine":                   true,
		"Syndrome des jambes sans repos":                true,
		"síndrome de piernas inquietas":                 true,
		"sindrome das pernas inquietas":                 true,
		"sindrome delle gambe senza riposo":             true,
		"rusteloze benen":                               true,
		"むずむず脚症候群":                                      true,
		"insomnia; restless legs at night":              true,
		"no fever. Restless legs":                       true,
		"RLS":                                           false,
		"むずむず脚症候群なし":                                    false,
		"RLS at night":                                  false,
		"Ekbom syndrome":                                false, // also delusional parasitosis
		"restless sleep":                                false,
		"leg cramps":                                    false,
		"No restless legs":                              false,
		"denies restless legs":                          false,
		"patient denied any restless leg":               false,
		"rule out restless legs":                        false,
		"r/o restless legs":                             false,
		"family history of restless legs":               false,
		"Family history: restless legs":                 false,
		"FH restless legs":                              false,
		"negative for restless legs":                    false,
		"without restless legs":                         false,
		"not restless legs":                             false,
		"?restless legs":                                false,
		"restless legs?":                                false,
		"restless legs ruled out":                       false,
		"restless legs (excluded)":                      false,
		"Restless legs: no":                             false,
		"restless legs - denied":                        false,
		"restless legs (severe)":                        true,
		"restless legs: since 2019":                     true,
		"kein Restless-Legs-Syndrom":                    false,
		"Ausschluss Restless-Legs-Syndrom":              false,
		"Familienanamnese: Restless-Legs-Syndrom":       false,
		"pas de syndrome des jambes sans repos":         false,
		"niega piernas inquietas":                       false,
		"sin síndrome de piernas inquietas":             false,
		"senza sindrome delle gambe senza riposo":       false,
		"mother has restless legs":                      false,
		"denies insomnia. Restless legs since 2019":     true,
		"periodic limb movement, no akathisia":          false,
		"iron deficiency with restless legs, no cramps": true,
	} {
		if got := conditions.NamesRLS(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

func TestCanonicalSystems(t *testing.T) {
	for url, want := range map[string]string{
		"http://snomed.info/sct":  codes.SNOMED,
		"http://snomed.info/sct/": codes.SNOMED,
		"http://snomed.info":      codes.SNOMED,
		"https://snomed.info/sct": codes.SNOMED,
		"http://snomed.info/sct|http://snomed.info/sct/900000000000207008/version/20240101": codes.SNOMED,
		"http://snomed.info/sct/83821000000107":                                             codes.SNOMED,
		"urn:oid:2.16.840.1.113883.6.1":                                                     codes.LOINC,
		"https://loinc.org":                                                                 codes.LOINC,
		"http://loinc.org/":                                                                 codes.LOINC,
		"http://www.nlm.nih.gov/research/umls/rxnorm/":                                      codes.RxNorm,
		"https://www.nlm.nih.gov/research/umls/rxnorm":                                      codes.RxNorm,
		"http://id.who.int/icd/release/11/2023-01/mms":                                      codes.ICD11,
		"http://fhir.de/CodeSystem/dimdi/icd-10-gm":                                         codes.ICD10GM,
		"http://example.org/codes":                                                          "http://example.org/codes",
		"":                                                                                  "",
	} {
		if got := codes.Canonical(url); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
}

func TestHotPathsDoNotAllocate(t *testing.T) {
	code := []byte("2276-4")
	url := "urn:oid:2.16.840.1.113883.6.96"
	if n := testing.AllocsPerRun(100,
		func() { labs.Known(code); codes.Canonical(url); codes.Canonical(codes.RxNorm) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestIngredients(t *testing.T) {
	all := drugs.All()
	if len(all) < 300 {
		t.Errorf("%d ingredients", len(all))
	}
	for name, want := range map[string]string{"sertraline": "sertraline", "lithium citrate": "lithium",
		"pethidine": "meperidine", "Sertraline": "sertraline"} {
		if drug, ok := drugs.Find(name); !ok || drug.Name != want {
			t.Errorf("%s: %v", name, drug)
		}
	}
	if _, ok := drugs.Find("amlodipine"); ok {
		t.Error("amlodipine is an ingredient")
	}
	for name, want := range map[string]drugs.Systemic{"azelastine": drugs.SystemicNo,
		"metoclopramide": drugs.SystemicYes, "fentanyl": drugs.SystemicYes, "esketamine": drugs.SystemicYes} {
		if drug, _ := drugs.Find(name); drug.Nasal() != want {
			t.Errorf("%s into the nose: %s", name, drug.Nasal())
		}
	}
}
