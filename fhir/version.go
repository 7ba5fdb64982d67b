package fhir

// foreign notes that the value at v has the shape of another FHIR version.
func (d *decoder) foreign(v int, what string) { d.fail(v, UnsupportedVersion, what) }

// shape is a property that a resource has in another version but not in R4, so that reading it as
// R4 would be a guess.
type shape struct {
	name name
	what string
}

// oldShapes by kind, from the R4 and R5 pages of each resource and their version histories
// (hl7.org/fhir).
var oldShapes = [kindDetectedIssue + 1][]shape{
	kindRequest: {
		{
			nMedication,
			"medication as R5 has it",
		}, {nReason, "reason as R5 has it"}, {nReported, "reported as R5 has it"},
		{nContext, "context as STU3 has it"}, {nDefinition, "definition as STU3 has it"},
		{nPatient, "patient as DSTU2 has it"}, {nDateWritten, "dateWritten as DSTU2 has it"},
	},
	kindDispense: {
		{
			nMedication,
			"medication as R5 has it",
		}, {nNotDone, "notDone as STU3 has it"}, {nPatient, "patient as DSTU2 has it"},
	},
	kindStatement: {
		{nMedication, "medication as R5 has it"}, {nReason, "reason as R5 has it"}, {nTaken, "taken as STU3 has it"},
		{nReasonNotTaken, "reasonNotTaken as STU3 has it"}, {nPatient, "patient as DSTU2 has it"},
		{nWasNotTaken, "wasNotTaken as DSTU2 has it"}, {nReasonForUseCodeableConcept, "reasonForUse as DSTU2 has it"},
		{nReasonForUseReference, "reasonForUse as DSTU2 has it"},
	},
	kindMedication: {
		{
			nProduct,
			"product as DSTU2 has it",
		}, {nPackage, "package as STU3 has it"}, {nIsBrand, "isBrand as STU3 has it"},
	},
	kindObservation: {
		{
			nComment,
			"comment as STU3 has it",
		}, {nComments, "comments as DSTU2 has them"}, {nRelated, "related as STU3 has it"},
		{nContext, "context as STU3 has it"},
	},
	kindCondition: {
		{
			nAssertedDate,
			"assertedDate as STU3 has it",
		}, {nContext, "context as STU3 has it"}, {nPatient, "patient as DSTU2 has it"},
		{nDateRecorded, "dateRecorded as DSTU2 has it"},
	},
	kindPatient: {{nAnimal, "animal as STU3 has it"}},
}

// oldShape reports, and notes, that the resource has a shape of another version.
func (d *decoder) oldShape(k kind) bool {
	for _, s := range oldShapes[k] {
		if v := d.at[s.name]; v > 0 {
			d.foreign(int(v), s.what)
			return true
		}
	}
	d.oldTypes(k)
	return d.rejection != nil
}

// oldTypes looks for properties whose values have another type in R4.
func (d *decoder) oldTypes(k kind) {
	is := func(n name, c byte, what string) {
		if v := d.at[n]; v > 0 && d.b[v] == c {
			d.foreign(int(v), what)
		}
	}
	switch k {
	case kindCondition:
		is(nClinicalStatus, '"', "clinicalStatus as STU3 has it")
		is(nVerificationStatus, '"', "verificationStatus as STU3 has it")
		is(nCategory, '{', "category as DSTU2 has it")
	case kindObservation:
		is(nCategory, '{', "category as DSTU2 has it")
		is(nInterpretation, '{', "interpretation as STU3 has it")
	case kindRequest:
		if v := d.at[nRequester]; v > 0 && d.b[v] == '{' {
			if o := d.offsets(int(v)); o[nAgent] > 0 {
				d.foreign(int(o[nAgent]), "requester as STU3 has it")
			}
		}
	case kindMedication:
		d.oldMedication(&d.at)
	}
}

// oldMedication reports, and notes, that the Medication at o has ingredients as in R5, or a product
// as in DSTU2.
func (d *decoder) oldMedication(o *offsets) bool {
	for _, s := range oldShapes[kindMedication] {
		if v := o[s.name]; v > 0 {
			d.foreign(int(v), s.what)
		}
	}
	if v := o[nIngredient]; v > 0 && d.b[v] == '[' {
		back := d.pos
		d.items(int(v), func(v int) {
			if d.b[v] != '{' {
				return
			}
			if in := d.offsets(v); in[nItem] > 0 {
				d.foreign(int(in[nItem]), "an ingredient as R5 has it")
			}
		})
		d.pos = back
	}
	return d.rejection != nil
}
