package fhir

import (
	"github.com/rlsguard/rlsguard/checks/facts"
)

func (d *decoder) person(f *facts.Fact) {
	at := &d.at
	p := &facts.Person{}
	f.Kind, f.Person = facts.KindPatient, p
	if v := at[nBirthDate]; v > 0 {
		p.Birth = d.dateTime(int(v))
	}
	if v := at[nGender]; v > 0 {
		p.Sex = d.sex(int(v))
	}
	if v := at[nDeceasedDateTime]; v > 0 {
		p.Died = d.dateTime(int(v))
		p.Deceased = !p.Died.IsZero()
	}
	if v := at[nDeceasedBoolean]; v > 0 {
		p.Deceased = d.boolean(int(v)) || p.Deceased
	}
	d.modified(at[nModifierExtension]) // reported only: the rest of a Patient keeps its meaning
	if v := at[nLink]; v > 0 {
		p.Linked = d.count(int(v)) > 0
	}
}

// sex reads Patient.gender (hl7.org/fhir/R4/valueset-administrative-gender.html).
func (d *decoder) sex(v int) facts.Sex {
	mark := d.mark()
	switch string(d.word(v)) {
	case "female":
		return facts.Female
	case "male":
		return facts.Male
	case "other":
		return facts.SexOther
	case "unknown":
		return facts.SexUnknown
	}
	d.unknownCode(mark, uint32(v), "not a FHIR R4 gender")
	return facts.SexUnknown
}
