package fhir_test

// damageable are resources with everything in them that is read.
var damageable = []string{
	`{"resourceType":"MedicationRequest","id":"rx","meta":{"lastUpdated":"2026-10-02T10:00:00Z","versionId":"3"},"status":"completed","intent":"plan","doNotPerform":false,
		"subject":{"reference":"Patient/zz","type":"Patient","display":"A"},"authoredOn":"2026-10-01","note":[{"text":"x"}],
		"medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"312941","display":"sertraline 50 MG Oral Tablet"}],"text":"sertraline 50 mg"},
		"reasonCode":[{"coding":[{"system":"http://snomed.info/sct","code":"32914008","display":"Restless legs"}]}],"reasonReference":[{"reference":"Condition/zz-rls","display":"restless legs"}],
		"dosageInstruction":[{"sequence":1,"asNeededBoolean":false,"route":{"coding":[{"system":"http://snomed.info/sct","code":"26643006","display":"Oral"}],"text":"oral"},"text":"x",
			"timing":{"code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation","code":"QD"}],"text":"QD"},
				"repeat":{"boundsPeriod":{"start":"2026-10-01","end":"2027-03-01"},"frequency":1,"frequencyMax":1,"period":1,"periodUnit":"d","when":["HS"],"dayOfWeek":["mon"],"count":90}},
			"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet","code":"TAB","system":"http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm"}}],
			"maxDosePerPeriod":{"numerator":{"value":200,"unit":"mg"},"denominator":{"value":1,"unit":"d"}}}],
		"dispenseRequest":{"validityPeriod":{"start":"2026-10-01","end":"2027-10-01"},"numberOfRepeatsAllowed":1,"quantity":{"value":30,"unit":"tablet"},
			"expectedSupplyDuration":{"value":30,"unit":"days","code":"d","system":"http://unitsofmeasure.org"}}}`,
	`{"resourceType":"MedicationRequest","id":"gp","status":"active","intent":"order","subject":{"reference":"Patient/zz"},"authoredOn":"2026-09-01",
		"medicationCodeableConcept":{"text":"pregabalin 150 mg capsule"},"dosageInstruction":[{"asNeededCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}],"text":"restless legs"},
			"timing":{"event":["2026-09-01"],"repeat":{"boundsDuration":{"value":2,"unit":"days"},"frequency":2,"period":1,"periodUnit":"d"}},"doseAndRate":[{"doseRange":{"low":{"value":1},"high":{"value":2,"unit":"capsule"}}}]}]}`,
	`{"resourceType":"MedicationDispense","id":"d","status":"completed","subject":{"reference":"Patient/zz"},"medicationReference":{"reference":"Medication/m","display":"oxycodone 5 mg tablet"},
		"whenPrepared":"2026-10-30","whenHandedOver":"2026-11-01T09:00:00Z","quantity":{"value":60,"unit":"tablet"},"daysSupply":{"value":30,"unit":"Tage"},
		"dosageInstruction":[{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d","timeOfDay":["08:00:00","20:00:00"]}},"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}]}]}`,
	`{"resourceType":"MedicationStatement","id":"s","status":"active","subject":{"reference":"Patient/zz"},"medicationCodeableConcept":{"coding":[{"system":"http://www.whocc.no/atc","code":"N06AA09","display":"amitriptyline"}]},
		"dateAsserted":"2026-11-01","effectivePeriod":{"start":"2026-10-01","end":"2027-01-01"},"dosage":[{"asNeededBoolean":true}]}`,
	`{"resourceType":"Medication","id":"m","status":"active","code":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"312941","display":"sertraline"}],"text":"sertraline"},
		"form":{"coding":[{"system":"http://snomed.info/sct","code":"385055001","display":"Tablet"}],"text":"Tablet"},
		"ingredient":[{"itemCodeableConcept":{"text":"sertraline"},"strength":{"numerator":{"value":50,"unit":"mg"},"denominator":{"value":1,"unit":"tablet"}}},{"itemReference":{"reference":"Substance/s","display":"x"}}]}`,
	observation(
		"2276-4",
		"160",
		"ng/mL",
	), observation("2276-4", "40", "ng/mL"), observation("2502-3", "12", "%"), observation("33914-3", "22", "mL/min"),
	observation("33914-3", "90", "mL/min"),
	`{"resourceType":"Observation","id":"p","status":"final","subject":{"reference":"Patient/zz"},"code":{"coding":[{"system":"http://loinc.org","code":"50190-8"}]},"effectiveDateTime":"2026-11-01T08:00:00Z","issued":"2026-11-01T12:00:00Z",
		"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"2502-3","display":"TSAT"}],"text":"TSAT"},"valueQuantity":{"value":31,"unit":"%","code":"%","system":"http://unitsofmeasure.org"}}],
		"hasMember":[{"reference":"Observation/9"}]}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Patient/zz"},"code":{"coding":[{"system":"http://loinc.org","code":"2276-4"}]},"effectiveDateTime":"2026-11-01",
		"dataAbsentReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"error"}]}}`,
	`{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/zz"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008","display":"Restless legs"}]},"severity":{"text":"x"},
		"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
		"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},
		"onsetDateTime":"2020","recordedDate":"2026-01-01","abatementPeriod":{"start":"2026-01-01","end":"2027-01-01"},"asserter":{"reference":"Practitioner/1"}}`,
	`{"resourceType":"Condition","id":"e","subject":{"reference":"Patient/zz"},"code":{"text":"Restless legs"},` +
		`"clinicalStatus":{"text":"Active"},"abatementString":"long ago","abatementDateTime":"2025-01-01",` +
		`"onsetPeriod":{"start":"2019","end":"2020"}}`,
	`{"resourceType":"Patient","id":"zz","gender":"female","birthDate":"1980-01-01","deceasedBoolean":false,` +
		`"link":[],"name":[{"family":"X"}]}`,
	`{"resourceType":"DiagnosticReport","id":"r","status":"final","subject":{"reference":"Patient/zz"},"effectiveDateTime":"2026-11-02","issued":"2026-11-02T10:00:00Z","code":{"text":"Iron"},"result":[{"reference":"#o"}],
		"contained":[{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2276-4"}]},"effectiveDateTime":"2026-11-01","valueQuantity":{"value":20,"unit":"ng/mL"}}]}`,
	`{"resourceType":"DetectedIssue","id":"i","status":"final","patient":{"reference":"Patient/zz"},"identifier":[{"system":"https://rlsguard.github.io/fhir/flag-id","value":"f"}],
		"mitigation":[{"action":{"coding":[{"code":"noted"}]},"date":"2026-11-01T08:00:00Z","author":{"display":"A"},"extension":[{"url":"https://rlsguard.github.io/fhir/StructureDefinition/until","valueDateTime":"2027-01-01"}]}]}`,
}

func observation(loinc, value, unit string) string {
	return `{"resourceType":"Observation","id":"o","meta":{"lastUpdated":"2026-11-05T10:00:00Z"},"status":"final","subject":{"reference":"Patient/zz"},"category":[{"text":"laboratory"}],
		"code":{"coding":[{"system":"http://loinc.org","code":"` + loinc +
		`","display":"x"}]},"effectivePeriod":{"start":"2026-11-01T08:00:00Z","end":"2026-11-01T08:05:00Z"},"issued":"2026-11-01T12:00:00Z",
		"specimen":{"reference":"Specimen/1","display":"tube"},"performer":[{"reference":"Organization/lab"}],"method":{"text":"immunoassay"},
		"valueQuantity":{"value":` + value + `,"unit":"` + unit + `","code":"` + unit +
		`","system":"http://unitsofmeasure.org"}}`
}
