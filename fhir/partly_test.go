package fhir_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/fhir"
)

const (
	about     = `"subject":{"reference":"Patient/zz"}`
	diagnosis = `{"resourceType":"Condition","id":"zz-rls",` + about +
		`,"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}`
	gabapent = `{"resourceType":"MedicationRequest","id":"gp","status":"active","intent":"order",` + about +
		`,"authoredOn":"2026-10-01","medicationCodeableConcept":{"text":"gabapentin 600 mg tablet"},
		"dosageInstruction":[{"timing":{"repeat":{"frequency":3,"period":1,"periodUnit":"d"}},"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}]}]}`
)

func rx(id, name, more string) string {
	return `{"resourceType":"MedicationRequest","id":"` + id + `","status":"active","intent":"order",` + about +
		`,"authoredOn":"2026-10-01","medicationCodeableConcept":{"text":"` + name + `"}` + more + `}`
}

func condition(more string) string {
	return `{"resourceType":"Condition","id":"c",` + about + `,` + more + `}`
}

func gm(code, certainty string) string {
	return `"code":{"coding":[{"system":"http://fhir.de/CodeSystem/bfarm/icd-10-gm","code":"` + code + `"` + certainty +
		`}]}`
}

func marked(letter string) string {
	return `,"extension":[{"url":"http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit",` +
		`"valueCoding":{"code":` + letter + `}}]`
}

func lab(id, loinc, value, more string) string {
	return `{"resourceType":"Observation","id":"` + id + `","status":"final",` + about +
		`,"code":{"coding":[{"system":"http://loinc.org","code":"` + loinc + `"}]},` + value + more + `}`
}

func amount(value, unit string) string {
	return `"valueQuantity":{"value":` + value + `,"unit":"` + unit + `"}`
}

func entries(list ...string) string {
	return `{"resourceType":"Bundle","type":"history","entry":[` + strings.Join(list, ",") + `]}`
}

// The flags of a patient whose record is unreadable in part, or says what few senders say; flags a
// case is not about are left out.
func TestFlagsOfWhatIsReadInPart(t *testing.T) {
	const (
		on       = `,"effectiveDateTime":"2026-11-01T08:00:00Z"`
		modified = `,"modifierExtension":[{"url":"http://example.org/negated","valueBoolean":true}]`
		normal   = `,"effectiveDateTime":"2026-09-01"`
		ssri     = "rls-ssri sertraline "
		renal    = "gabapentinoid-renal-dose gabapentin "
	)
	woman := `{"resourceType":"Patient","id":"zz","gender":"female","birthDate":"1956-03-02"}`
	sertraline := rx("m", "sertraline 50 mg", "")
	completed := func(more string) string {
		return strings.Replace(rx("m", "sertraline 50 mg tablet", more), `"active"`, `"completed"`, 1)
	}
	daily := `,"dosageInstruction":[{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"Tag"}},` +
		`"doseAndRate":[{"doseQuantity":{"value":1,"unit":"Tablette"}}]}]`
	for _, c := range []struct {
		name  string
		about string // part of the flags the case is about
		docs  []string
		want  string // separated by ;
	}{
		{"certainty A", "ssri", []string{condition(gm("G25.81", marked(`"A"`))), sertraline}, ""},
		{"certainty Z", "ssri", []string{condition(gm("G25.81", marked(`"z "`))), sertraline}, ""},
		{"certainty V", "ssri", []string{condition(gm("G25.81", marked(`"V"`))), sertraline}, ssri + "low"},
		{"certainty G", "ssri", []string{condition(gm("G25.81", marked(`"G"`))), sertraline}, ssri + "moderate"},
		{"certainty unknown", "ssri", []string{condition(gm("G25.81", marked(`7`))), sertraline}, ssri + "low"},
		{"certainty behind the code", "ssri", []string{condition(gm("G25.81 V", "")), sertraline}, ssri + "low"},
		{"certainty right behind the code", "ssri", []string{condition(gm("G25.81A", "")), sertraline}, ""},
		{"certain, and refuted", "ssri", []string{condition(gm("G25.81", marked(`"G"`)) +
			`,"verificationStatus":{"coding":[{"code":"refuted"}]}`), sertraline}, ""},
		{"suspected, and resolved", "ssri", []string{condition(gm("G25.81", marked(`"V"`)) +
			`,"clinicalStatus":{"text":"resolved"}`), sertraline}, ""},
		{"certainty of another code of it shuts it too", "ssri",
			[]string{condition(`"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"},` +
				`{"system":"http://fhir.de/CodeSystem/bfarm/icd-10-gm","code":"G25.8"` + marked(`"A"`) + `}]}`),
				sertraline}, ""},
		{"reason excluded", "ssri", []string{rx("m", "sertraline 50 mg",
			`,"reasonCode":[`+strings.TrimPrefix(gm("G25.81", marked(`"A"`)), `"code":`)+`]`)}, ""},
		{"reason suspected", "ssri", []string{rx("m", "sertraline 50 mg",
			`,"reasonCode":[`+strings.TrimPrefix(gm("G25.81", marked(`"V"`)), `"code":`)+`]`)}, ssri + "low"},
		{"a German OID", "ssri", []string{condition(`"code":{"coding":[{"system":"urn:oid:1.2.276.0.76.5.409",` +
			`"code":"G25.81"}]}`), sertraline}, ssri + "moderate"},
		{"Norwegian ICPC-2", "ssri",
			[]string{condition(`"code":{"coding":[{"system":"urn:oid:2.16.578.1.12.4.1.1.7170","code":"N04"}]}`),
				sertraline}, ssri + "moderate"},
		{"HL7 v2 name", "ssri", []string{condition(`"code":{"coding":[{"system":"I10","code":"G25.81"}]}`), sertraline},
			ssri + "moderate"},
		{"code with its term", "ssri", []string{condition(`"code":{"coding":[{"system":"http://snomed.info/sct",` +
			`"code":" 32914008 |Restless legs| "}]}`), sertraline}, ssri + "moderate"},
		{"SNOMED CT status", "ssri", []string{condition(gm("G25.81", "") +
			`,"clinicalStatus":{"coding":[{"system":"http://snomed.info/sct","code":"73425007"}]}`), sertraline},
			ssri + "low"},
		{"withdrawn under an older system", "ssri",
			[]string{condition(gm("G25.81", "") + `,` +
				`"verificationStatus":{"coding":[{"system":"http://hl7.org/fhir/condition-ver-status",` +
				`"code":"Entered-In-Error"}]}`), sertraline}, ""},
		{"modified Condition", "ssri", []string{condition(gm("G25.81", "") + modified), sertraline}, ssri + "low"},

		{"modified order", "ssri", []string{diagnosis, rx("m", "sertraline 50 mg", modified)}, ssri + "low"},
		{"modified order in a pair", "respiratory", []string{diagnosis, gabapent, rx("o", "oxycodone 5 mg", modified)},
			"gabapentinoid-respiratory-depression gabapentin low"},
		{"modified Medication", "ssri", []string{diagnosis,
			`{"resourceType":"Medication","id":"x","code":{"text":"sertraline"}` + modified + `}`,
			strings.Replace(sertraline, `"medicationCodeableConcept":{"text":"sertraline 50 mg"}`,
				`"medicationReference":{"reference":"Medication/x"}`, 1)}, ssri + "low"},
		{"modified contained Medication", "ssri",
			[]string{diagnosis, strings.Replace(sertraline, `"medicationCodeableConcept":{"text":"sertraline 50 mg"}`,
				`"contained":[{"resourceType":"Medication","id":"#x","code":{"text":"sertraline"}`+modified+
					`}],"medicationReference":{"reference":"x"}`, 1)}, ssri + "low"},
		{"modified dosage", "renal", []string{diagnosis, strings.Replace(gabapent, `"dosageInstruction":[{`,
			`"dosageInstruction":[{`+modified[1:]+`,`, 1), lab("e", "33914-3", amount("22", "mL/min"), on)},
			renal + "low"},
		{"nothing modified", "ssri", []string{diagnosis, rx("m", "sertraline 50 mg", `,"modifierExtension":[]`)},
			ssri + "moderate"},
		{"two medications", "unclassified", []string{diagnosis, rx("m", "sertraline 50 mg",
			`,"medicationReference":{"reference":"Medication/9"}`)}, "medication-unclassified  low"},

		{"modified result", "iron", []string{diagnosis, gabapent, lab("f", "2276-4", amount("150", "ng/mL"),
			on+modified), lab("t", "2502-3", amount("30", "%"), on)}, "iron-labs-unusable  moderate"},
		{"modified report", "iron", []string{diagnosis, gabapent, lab("f", "2276-4", amount("150", "ng/mL"), normal),
			lab("t", "2502-3", amount("30", "%"), on),
			`{"resourceType":"DiagnosticReport","id":"r","status":"final",` + about + on + modified + `,"contained":[` +
				lab("o", "2276-4", amount("140", "ng/mL"), "") + `]}`}, "iron-labs-unusable  moderate"},
		{"report of a normal result that is not final", "iron", []string{diagnosis, gabapent,
			lab("f", "2276-4", amount("150", "ng/mL"), normal), lab("t", "2502-3", amount("30", "%"), on),
			`{"resourceType":"DiagnosticReport","id":"r","status":"preliminary",` + about + on + `,"contained":[` +
				lab("o", "2276-4", amount("140", "ng/mL"), "") + `]}`}, "iron-labs-unusable  moderate"},
		{"report, withdrawn", "iron", []string{diagnosis, gabapent, lab("f", "2276-4", amount("150", "ng/mL"), on),
			lab("t", "2502-3", amount("30", "%"), on),
			`{"resourceType":"DiagnosticReport","id":"r","status":"entered-in-error",` + about + on + `,"contained":[` +
				lab("o", "2276-4", amount("14", "ng/mL"), "") + `]}`}, ""},
		{"report of two draws", "iron", []string{diagnosis, gabapent, lab("t", "2502-3", amount("30", "%"), on),
			`{"resourceType":"DiagnosticReport","id":"r","status":"final",` + about + `,"contained":[` + lab("o",
				"2276-4", amount("140", "ng/mL"), on) + `,` + lab("n", "2276-4", amount("14", "ng/mL"), normal) + `]}`},
			""},
		{"unreadable beside a normal one of one draw", "iron", []string{diagnosis, gabapent,
			lab("f", "2276-4", amount("150", "ng/mL"), on), lab("g", "2276-4", `"valueQuantity":{"value":"9"}`, on),
			lab("t", "2502-3", amount("30", "%"), on)}, "iron-labs-unusable  moderate"},
		{"unreadable beside a low one of one draw", "iron", []string{diagnosis, gabapent,
			lab("f", "2276-4", amount("50", "ng/mL"), on), lab("g", "2276-4", `"valueQuantity":{"value":"9"}`, on),
			lab("t", "2502-3", amount("30", "%"), on)}, "iron-low  moderate"},
		{"unreadable TSAT beside a calculated one", "iron", []string{diagnosis, gabapent,
			lab("f", "2276-4", amount("150", "ng/mL"), on), lab("t", "2502-3", `"valueQuantity":7`, on),
			lab("i", "2498-4", amount("90", "ug/dL"), on), lab("b", "2500-7", amount("300", "ug/dL"), on)},
			"iron-labs-unusable  moderate"},
		{"unreadable, and older than a readable one", "iron", []string{diagnosis, gabapent,
			lab("f", "2276-4", amount("150", "ng/mL"), on), lab("g", "2276-4", `"valueQuantity":{"value":"9"}`, normal),
			lab("t", "2502-3", amount("30", "%"), on)}, ""},
		{"at no time, issued before a readable one", "iron", []string{diagnosis, gabapent,
			lab("f", "2276-4", amount("150", "ng/mL"), on), lab("t", "2502-3", amount("30", "%"), on),
			lab("g", "2276-4", amount("20", "ng/mL"), `,"effectiveDateTime":"spring","issued":"2026-05-01T08:00:00Z"`)},
			""},
		{"at no time, and low", "iron", []string{diagnosis, gabapent, lab("f", "2276-4", amount("150", "ng/mL"), on),
			lab("t", "2502-3", amount("30", "%"), on),
			lab("g", "2276-4", amount("20", "ng/mL"), `,"effectiveDateTime":"spring","issued":"2026-11-05T08:00:00Z"`)},
			"iron-low  moderate"},
		{"a panel of which a part cannot be read", "iron", []string{diagnosis, gabapent,
			lab("f", "2276-4", amount("150", "ng/mL"), on), lab("t", "2502-3", amount("30", "%"), normal),
			lab("p", "50190-8", `"component":["TSAT 12 %"]`, on)}, "iron-labs-unusable  moderate"},

		{"eGFR in words", "renal", []string{diagnosis, gabapent, lab("e", "33914-3", amount("88", "mL/min"), normal),
			lab("n", "33914-3", `"valueString":"14"`, on)}, renal + "low"},
		{"eGFR in words, and a clearance of that day", "renal", []string{diagnosis, gabapent,
			lab("c", "2164-2", amount("88", "mL/min"), on), lab("n", "33914-3", `"valueString":"14"`, on)}, ""},
		{"eGFR in words, more than a year old", "renal", []string{diagnosis, gabapent,
			lab("n", "33914-3", `"valueString":"14"`, `,"effectiveDateTime":"2025-11-01"`)}, ""},
		{"eGFR in words, of a child", "renal", []string{diagnosis, strings.Replace(woman, "1956", "2015", 1), gabapent,
			lab("n", "33914-3", `"valueString":"14"`, on)}, ""},
		{"unknown dose", "renal", []string{diagnosis, rx("gp", "gabapentin", ""),
			lab("n", "33914-3", amount("14", "mol"), on)}, renal + "low"},
		{"a dose for the worst kidneys", "renal", []string{diagnosis, strings.Replace(gabapent, "600 mg", "100 mg", 1),
			lab("n", "33914-3", amount("14", "mol"), on)}, ""},
		{"a dose above that of healthy ones", "renal", []string{diagnosis, strings.Replace(gabapent, `"frequency":3`,
			`"frequency":9`, 1), lab("n", "33914-3", amount("14", "mol"), on)}, renal + "moderate"},
		{"pounds", "renal", []string{diagnosis, woman, gabapent, lab("k", "2160-0", amount("1.0", "MG/DL"), on),
			lab("w", "29463-7", amount("110", "lbs"), on)}, renal + "moderate"},
		{"CKD-EPI", "renal", []string{diagnosis, woman, gabapent, lab("k", "2160-0", amount("2.4", "mg/dL"), on)},
			renal + "moderate"},
		{"creatinine alone", "renal", []string{diagnosis, gabapent, lab("k", "2160-0", amount("1.4", "mg/dL"), on),
			lab("e", "33914-3", amount("22", "mL/min"), normal)}, ""},
		{"high creatinine alone", "renal", []string{diagnosis, gabapent, lab("k", "2160-0", amount("1.6", "mg/dL"),
			on)}, renal + "low"},

		{"supply in capitals", "ssri", []string{diagnosis,
			completed(`,"dispenseRequest":{"expectedSupplyDuration":{"value":90,"unit":"DAYS"}}`)}, ssri + "moderate"},
		{"supply in no unit that is known", "ssri",
			[]string{diagnosis, completed(`,"dispenseRequest":{"expectedSupplyDuration":{"value":1,"unit":"moons"}}`)},
			ssri + "moderate"},
		{"unreadable supply of long ago", "ssri",
			[]string{diagnosis, strings.Replace(completed(`,"dispenseRequest":{"expectedSupplyDuration":7}`),
				"2026-10-01", "2026-05-26", 1)}, ""},
		{"unreadable supply, on its last day", "ssri",
			[]string{diagnosis, strings.Replace(completed(`,"dispenseRequest":{"expectedSupplyDuration":7}`),
				"2026-10-01", "2026-05-28", 1)}, ssri + "moderate"},
		{"quantity and dose", "ssri", []string{diagnosis,
			completed(daily + `,"dispenseRequest":{"quantity":{"value":100,"unit":"Tabl."}}`)}, ssri + "moderate"},
		{"quantity and dose, used up", "ssri", []string{diagnosis,
			completed(daily + `,"dispenseRequest":{"quantity":{"value":80}}`)}, ""},
		{"quantity and dose in milligrams", "ssri",
			[]string{diagnosis, completed(strings.Replace(daily, `{"value":1,"unit":"Tablette"}`,
				`{"value":50,"unit":"mg"}`, 1) + `,"dispenseRequest":{"quantity":{"value":100,"unit":"tablets"}}`)},
			ssri + "moderate"},
		{"quantity, as needed", "ssri", []string{diagnosis,
			completed(strings.Replace(daily, `{"timing"`, `{"asNeededBoolean":true,"timing"`, 1) +
				`,"dispenseRequest":{"quantity":{"value":100}}`)}, ""},
		{"unreadable quantity", "ssri", []string{diagnosis,
			completed(daily + `,"dispenseRequest":{"quantity":{"value":"100"}}`)}, ""},

		{"history, newest first", "ssri", []string{diagnosis, entries(
			`{"resource":`+strings.Replace(sertraline, `"active"`, `"stopped"`, 1)+
				`,"response":{"status":"200","etag":"W/\"2\""}}`,
			`{"resource":`+sertraline+`,"response":{"status":"201","etag":"W/\"1\""}}`)}, ""},
		{"history, the time in meta and the number outside", "ssri", []string{diagnosis, entries(
			`{"resource":`+strings.Replace(sertraline, `"status":"active"`,
				`"status":"stopped","meta":{"lastUpdated":"2026-10-02T08:00:00Z"}`, 1)+`,"response":{"etag":"\"10\""}}`,
			`{"resource":`+strings.Replace(sertraline, `"status":"active"`,
				`"status":"active","meta":{"lastUpdated":"2026-10-02T08:00:00Z"}`, 1)+`,"response":{"etag":"\"9\""}}`)},
			""},
		{"a Bundle that is no history", "ssri", []string{diagnosis, entries(`{"resource":`+strings.Replace(sertraline,
			`"active"`, `"stopped"`, 1)+`}`, `{"resource":`+sertraline+`}`)}, ssri + "moderate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := fhir.NewReader(fhir.DefaultOptions())
			var got []string
			for _, f := range flagsOf(r, "Patient/zz", c.docs...) {
				if strings.Contains(f, c.about) {
					got = append(got, strings.TrimSpace(f))
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ";")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
