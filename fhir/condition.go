package fhir

import (
	"hash/maphash"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/terms"
)

// condition reads a Condition. One that the tables do not know leaves a mark, since a later version may change the code.
func (d *decoder) condition(res *Resource) {
	at := &d.at
	verification, withdrawn := d.verification(at[nVerificationStatus])
	clinical := d.clinical(at[nClinicalStatus])
	if d.rejection != nil || !d.about(at[nSubject], withdrawn, res) {
		return
	}
	if withdrawn {
		mark(res, checks.MarkEnteredInError)
		return
	}
	code := checks.Concept{}
	if v := at[nCode]; v > 0 {
		code = d.diagnosis(d.concept(int(v)))
	}
	if len(code.Codings) == 0 && len(code.Texts) == 0 {
		mark(res, checks.MarkOther)
		return
	}
	c := &checks.Condition{Code: code, Clinical: clinical, Verification: verification}
	res.Relevant, res.Fact.Kind, res.Fact.Condition = true, checks.KindCondition, c
	d.conditionTimes(c)
	if v := at[nAsserter]; v > 0 {
		c.Asserter = d.ref(int(v))
	}
}

// diagnosis keeps of c what the tables know.
func (d *decoder) diagnosis(c concept) checks.Concept {
	codings, texts := c.codings[:0], c.texts[:0]
	for _, one := range c.codings {
		if _, ok := d.options.Terms.Condition(one); ok {
			codings = append(codings, one)
		}
	}
	for _, t := range c.texts {
		if d.namesRLS(t) {
			texts = append(texts, t)
		}
	}
	return d.fact(concept{codings: codings, texts: texts})
}

// verdict is what terms.RLSText has said of a text.
type verdict struct {
	text string
	yes  bool
}

// namesRLS asks terms.RLSText once for each of the texts that come again and again: most diagnoses are a few hundred.
func (d *decoder) namesRLS(text string) bool {
	v := &d.verdicts[maphash.String(d.seed, text)%uint64(len(d.verdicts))]
	if v.text != text || text == "" {
		*v = verdict{text, terms.RLSText(text)}
	}
	return v.yes
}

func (d *decoder) conditionTimes(c *checks.Condition) {
	at := &d.at
	if v := at[nOnsetPeriod]; v > 0 {
		c.Onset = d.period(int(v)).Start
	}
	if v := at[nOnsetDateTime]; v > 0 {
		c.Onset = d.dateTime(int(v))
	}
	if v := at[nRecordedDate]; v > 0 {
		c.Recorded = d.dateTime(int(v))
	}
	if v := at[nAbatementDateTime]; v > 0 {
		c.Abatement = d.dateTime(int(v))
	}
	if v := at[nAbatementPeriod]; v > 0 {
		p := d.period(int(v))
		c.Abatement, c.AbatementEnd = p.Start, p.End
	}
	c.AbatedFlag = at[nAbatementString] > 0 || at[nAbatementAge] > 0 || at[nAbatementRange] > 0
	if v := at[nAbatementBoolean]; v > 0 {
		c.AbatedFlag = d.boolean(int(v)) || c.AbatedFlag
	}
}

const (
	clinicalSystem     = "http://terminology.hl7.org/CodeSystem/condition-clinical"
	verificationSystem = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
)

var clinicalCodes = map[string]checks.ClinicalStatus{
	"active": checks.ClinicalActive, "recurrence": checks.ClinicalRecurrence, "relapse": checks.ClinicalRelapse,
	"inactive": checks.ClinicalInactive, "remission": checks.ClinicalRemission, "resolved": checks.ClinicalResolved,
}

var verificationCodes = map[string]checks.Verification{
	"unconfirmed": checks.VerificationUnconfirmed, "provisional": checks.VerificationProvisional,
	"differential": checks.VerificationDifferential, "confirmed": checks.VerificationConfirmed,
	"refuted": checks.VerificationRefuted,
}

// clinical reads clinicalStatus (hl7.org/fhir/R4/valueset-condition-clinical.html).
func (d *decoder) clinical(v uint32) checks.ClinicalStatus {
	code, given := d.statusCode(v, clinicalSystem)
	s, ok := clinicalCodes[code]
	if given && !ok {
		d.invalid(int(v), "clinicalStatus is none of FHIR R4")
	}
	return s
}

// verification reads verificationStatus (hl7.org/fhir/R4/valueset-condition-ver-status.html).
func (d *decoder) verification(v uint32) (s checks.Verification, withdrawn bool) {
	code, given := d.statusCode(v, verificationSystem)
	s, ok := verificationCodes[code]
	if given && !ok && code != "entered-in-error" {
		d.invalid(int(v), "verificationStatus is none of FHIR R4")
	}
	return s, code == "entered-in-error"
}

// statusCode is the code of a status that is a CodeableConcept: of its own system, else without a system, else its text. given
// tells that there is a status at all.
func (d *decoder) statusCode(v uint32, system string) (code string, given bool) {
	if v == 0 {
		return "", false
	}
	c := d.concept(int(v))
	for _, one := range c.codings {
		if one.System == system {
			return one.Code, true
		}
	}
	switch {
	case len(c.bare) > 0:
		return c.bare[0].Code, true
	case len(c.texts) > 0:
		return strings.ToLower(c.texts[0]), true
	}
	return "", len(c.codings) > 0
}
