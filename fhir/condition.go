package fhir

import (
	"hash/maphash"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/unread"
)

// condition reads a Condition. One not in the tables leaves a mark, since a later version may have
// another code.
func (d *decoder) condition(res *Resource) {
	at := &d.at
	verification, withdrawn := d.verification(at[nVerificationStatus])
	clinical := d.clinical(at[nClinicalStatus])
	if d.rejection != nil || !d.about(at[nSubject], withdrawn, res) {
		return
	}
	if withdrawn {
		mark(res, facts.MarkEnteredInError)
		return
	}
	code := facts.Concept{}
	if v := at[nCode]; v > 0 {
		code = d.diagnosis(d.concept(int(v)))
	}
	if len(code.Codings) == 0 && len(code.Texts) == 0 {
		mark(res, facts.MarkOther)
		return
	}
	c := &facts.Condition{
		Code:         code,
		Clinical:     clinical,
		Verification: verification,
		Modified:     d.modified(at[nModifierExtension]),
	}
	res.Relevant, res.Fact.Kind, res.Fact.Condition = true, facts.KindCondition, c
	d.conditionTimes(c)
	if v := at[nAsserter]; v > 0 {
		c.Asserter = d.ref(int(v))
	}
}

func (d *decoder) diagnosis(c concept) facts.Concept {
	codings, texts := c.codings[:0], c.texts[:0]
	for _, one := range c.codings {
		if _, ok := conditions.Find(one); ok {
			codings = append(codings, one)
		}
	}
	for _, t := range c.texts {
		if d.namesRLS(t) {
			texts = append(texts, t)
		}
	}
	return d.fact(concept{codings: codings, texts: texts, certainty: c.certainty})
}

type verdict struct {
	text string
	yes  bool
}

// namesRLS caches conditions.NamesRLS for recurring texts: most diagnoses are a few hundred.
func (d *decoder) namesRLS(text string) bool {
	v := &d.verdicts[maphash.String(d.seed, text)%uint64(len(d.verdicts))]
	if v.text != text || text == "" {
		*v = verdict{text, conditions.NamesRLS(text)}
	}
	return v.yes
}

func (d *decoder) conditionTimes(c *facts.Condition) {
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
	for _, n := range [...]name{nAbatementString, nAbatementAge, nAbatementRange} {
		want, what := byte('{'), "an object"
		if n == nAbatementString {
			want, what = '"', "a string"
		}
		if v := int(at[n]); v > 0 && d.b[v] != want {
			d.wrong(v, what)
		} else if v > 0 {
			c.AbatedFlag = true
		}
	}
	if v := at[nAbatementBoolean]; v > 0 {
		c.AbatedFlag = d.boolean(int(v)) || c.AbatedFlag
	}
}

const (
	clinicalSystem     = "http://terminology.hl7.org/CodeSystem/condition-clinical"
	verificationSystem = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
)

// clinicalCodes are those of FHIR R4 and the SNOMED CT concepts some systems send instead.
var clinicalCodes = map[string]facts.ClinicalStatus{
	"active": facts.ClinicalActive, "recurrence": facts.ClinicalRecurrence, "relapse": facts.ClinicalRelapse,
	"inactive": facts.ClinicalInactive, "remission": facts.ClinicalRemission, "resolved": facts.ClinicalResolved,
	"55561003": facts.ClinicalActive, "73425007": facts.ClinicalInactive, "413322009": facts.ClinicalResolved,
	"277022003": facts.ClinicalRemission, "263855007": facts.ClinicalRelapse, "246455001": facts.ClinicalRecurrence,
}

// withdrawnStatus in verificationCodes is entered in error, which makes the resource a mark.
const withdrawnStatus = facts.VerificationUnread + 1

var verificationCodes = map[string]facts.Verification{
	"unconfirmed": facts.VerificationUnconfirmed, "provisional": facts.VerificationProvisional,
	"differential": facts.VerificationDifferential, "confirmed": facts.VerificationConfirmed,
	"refuted": facts.VerificationRefuted, "entered-in-error": withdrawnStatus,
	"410605003": facts.VerificationConfirmed, "415684004": facts.VerificationProvisional,
	"410590009": facts.VerificationUnconfirmed,
	"410592001": facts.VerificationProvisional, "2931005": facts.VerificationProvisional,
	"47965005":  facts.VerificationDifferential,
	"410516002": facts.VerificationRefuted, "410594000": facts.VerificationRefuted,
}

// clinical reads clinicalStatus (hl7.org/fhir/R4/valueset-condition-clinical.html).
func (d *decoder) clinical(v uint32) facts.ClinicalStatus {
	return readStatus(d, v, clinicalSystem, clinicalCodes, facts.ClinicalUnread)
}

// verification reads verificationStatus (hl7.org/fhir/R4/valueset-condition-ver-status.html).
func (d *decoder) verification(v uint32) (s facts.Verification, withdrawn bool) {
	s = readStatus(d, v, verificationSystem, verificationCodes, facts.VerificationUnread)
	if s == withdrawnStatus {
		return facts.VerificationAbsent, true
	}
	return s, false
}

// readStatus reads a status that is a CodeableConcept, by its first code in codes: of its own
// system, else of any other, else without a system, else by its texts. The result is the zero
// status if absent, gap if unreadable.
func readStatus[S ~uint8](d *decoder, v uint32, system string, codes map[string]S, gap S) S {
	if v == 0 {
		return 0
	}
	mark := d.mark()
	c := d.concept(int(v))
	for _, own := range [...]bool{true, false} {
		for _, one := range c.codings {
			if s, ok := codes[strings.ToLower(one.Code)]; ok && (one.System == system) == own {
				return s
			}
		}
	}
	for _, one := range c.bare {
		if s, ok := codes[strings.ToLower(one.Code)]; ok {
			return s
		}
	}
	for _, text := range c.texts {
		if s, ok := codes[strings.ToLower(text)]; ok {
			return s
		}
	}
	switch {
	case d.unreadSince(mark, unread.Status):
	case len(c.codings)+len(c.bare)+len(c.texts) > 0:
		d.unread(int(v), "not a FHIR R4 status")
	default:
		return 0
	}
	return gap
}
