package fhir

import (
	"bytes"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

// observation reads an Observation if one of its codes is a relevant test, or it has no usable
// code.
func (d *decoder) observation(res *Resource) {
	at := &d.at
	status, withdrawn := d.labStatus(at[nStatus])
	codeless := false
	relevant := false
	if v := at[nCode]; v > 0 {
		relevant, codeless = d.codes(int(v), nil)
	} else {
		codeless = true
	}
	if v := at[nComponent]; v > 0 && !relevant && d.rejection == nil {
		relevant = d.componentRelevant(int(v))
	}
	if !relevant && d.rejection == nil {
		relevant = d.memberRelevant()
	}
	if d.rejection != nil || !relevant && !codeless || !d.about(at[nSubject], withdrawn, res) {
		return
	}
	if isResult(res, relevant, withdrawn) {
		res.Fact.Lab = d.lab(at, status)
		d.members(res.Fact.Lab)
		if d.modified(at[nModifierExtension]) {
			spoil(res.Fact.Lab)
		}
	}
}

// isResult makes res a result, or the mark that is left of one, and reports whether it is a result.
func isResult(res *Resource, relevant, withdrawn bool) bool {
	switch {
	case withdrawn:
		mark(res, facts.MarkEnteredInError)
	case !relevant:
		mark(res, facts.MarkOther)
	default:
		res.Relevant, res.Fact.Kind = true, facts.KindLab
	}
	return res.Fact.Kind == facts.KindLab
}

func (d *decoder) lab(o *offsets, status facts.LabStatus) *facts.LabResult {
	l := &facts.LabResult{Status: status}
	l.Effective, l.TimeUnread = d.effective(o)
	if v := o[nCode]; v > 0 {
		l.Loincs = d.loincs(int(v))
	}
	l.Value = d.value(o)
	if v := o[nIssued]; v > 0 {
		l.Issued = d.instant(int(v))
	}
	if v := o[nSpecimen]; v > 0 {
		l.Specimen = d.ref(int(v))
	}
	if v := o[nHasMember]; v > 0 {
		l.Members = d.refs(int(v))
	}
	if v := o[nPerformer]; v > 0 {
		if refs := d.refs(int(v)); len(refs) > 0 {
			l.Performer = refs[0]
		}
	}
	if v := o[nMethod]; v > 0 {
		l.Method = d.fact(d.concept(int(v)))
	}
	d.components(o, l)
	return l
}

// notAfter sets an upper bound for a result whose effective time is unreadable: when it was issued,
// or its version written.
func notAfter(l *facts.LabResult, updated int64) {
	if !l.TimeUnread {
		return
	}
	bound := l.Issued
	if updated > 0 && (bound.IsZero() || updated < bound.Nanos) {
		bound = moment.Time{Nanos: updated, Precision: moment.ToInstant}
	}
	l.Effective.End = bound
}

func (d *decoder) components(o *offsets, l *facts.LabResult) {
	v := o[nComponent]
	if v == 0 {
		return
	}
	broken := d.b[v] != '['
	d.items(int(v), func(v int) {
		if d.b[v] != '{' {
			d.wrong(v, "an object")
			broken = true
			return
		}
		o := d.offsets(v)
		end := d.pos
		d.part(o, l)
		d.pos = end
	})
	if broken && l.Value.Kind == facts.NoValue {
		l.Value.Kind = facts.UnreadValue // one of the panel's, whichever it is
	}
}

// part adds the result of the component or Observation at o, if its code matters.
func (d *decoder) part(o *offsets, l *facts.LabResult) {
	if o[nCode] == 0 {
		return
	}
	if loincs := d.loincs(int(o[nCode])); len(loincs) > 0 {
		part := facts.Component{Loincs: loincs, Value: d.value(o)}
		if d.modified(o[nModifierExtension]) {
			part.Value = modifiedValue
		}
		l.Components = append(l.Components, part)
	}
}

// modifiedValue stands for a value under a modifierExtension.
var modifiedValue = facts.Value{Kind: facts.UnreadValue, Text: nameText[nModifierExtension]}

// spoil makes every value of l impossible to evaluate.
func spoil(l *facts.LabResult) {
	l.Value = modifiedValue
	for i := range l.Components {
		l.Components[i].Value = modifiedValue
	}
}

// labStatus reads Observation.status (hl7.org/fhir/R4/valueset-observation-status.html).
func (d *decoder) labStatus(v uint32) (s facts.LabStatus, withdrawn bool) {
	if v == 0 {
		return facts.LabUnknown, false
	}
	mark := d.mark()
	switch string(d.word(int(v))) {
	case "final", "amended", "corrected":
		return facts.LabFinal, false
	case "preliminary":
		return facts.LabPreliminary, false
	case "registered":
		return facts.LabRegistered, false
	case "cancelled":
		return facts.LabCancelled, false
	case "entered-in-error":
		return facts.LabUnknown, true
	case "unknown":
		return facts.LabUnknown, false
	}
	d.unknownCode(mark, v, "not a FHIR R4 status")
	return facts.LabUnknown, false
}

// codes searches the CodeableConcept at v for relevant LOINC codes and appends them to list, unless
// that is nil. empty reports that the concept has neither code nor text, or only says why there is
// none.
func (d *decoder) codes(v int, list *[]string) (relevant, empty bool) {
	empty = true
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nText:
			empty = empty && len(d.text(o.v)) == 0
		case nCoding:
			d.items(o.v, func(v int) {
				system, code := d.labCode(v)
				if len(code) == 0 || system == absentSystem {
					return
				}
				empty = false
				if system == loincSystem && labs.Known(code) {
					relevant = true
					if list != nil {
						*list = append(*list, d.keep(code))
					}
				}
			})
		}
	}
	return relevant, empty
}

// loincs are the relevant LOINC codes of the CodeableConcept at v.
func (d *decoder) loincs(v int) []string {
	d.scratchStrings = d.scratchStrings[:0]
	d.codes(v, &d.scratchStrings)
	return d.strings.take(d.scratchStrings)
}

// componentRelevant reports whether a component at v has a relevant code.
func (d *decoder) componentRelevant(v int) (relevant bool) {
	d.items(v, func(v int) {
		o := d.object(v)
		for d.more(&o) {
			if o.name == nCode {
				r, _ := d.codes(o.v, nil)
				relevant = relevant || r
			}
		}
	})
	return relevant
}

type labSystem uint8

const (
	otherSystem labSystem = iota
	loincSystem
	absentSystem
)

// labCode reads the Coding at v without copying it.
func (d *decoder) labCode(v int) (s labSystem, code []byte) {
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nSystem:
			s = d.labSystem(d.text(o.v))
		case nCode:
			text := d.text(o.v)
			if code = bytes.TrimSpace(text); text != nil && bytes.IndexByte(d.b[o.v:d.pos], '\\') >= 0 {
				code = bytes.Clone(code) // the scratch buffer is reused
			}
		}
	}
	if i := bytes.IndexByte(code, '|'); i > 0 && s == loincSystem {
		code = bytes.TrimSpace(code[:i])
	}
	return s, code
}

func (d *decoder) labSystem(text []byte) labSystem {
	if string(text) == codes.LOINC {
		return loincSystem
	}
	switch codes.Canonical(d.keep(text)) {
	case codes.LOINC:
		return loincSystem
	case codes.Absent, codes.NullFlav:
		return absentSystem
	}
	return otherSystem
}

// otherValues are the forms of value[x] that cannot be compared as results.
var otherValues = [...]name{
	nValueBoolean,
	nValueInteger,
	nValueRange,
	nValueRatio,
	nValueSampledData,
	nValueTime,
	nValueDateTime,
	nValuePeriod,
}

// value reads value[x] and dataAbsentReason of the Observation or component at o. A reason for
// absence outranks a value: a sender of both is unreliable. Two values count as unreadable.
func (d *decoder) value(o *offsets) (r facts.Value) {
	before := d.mark()
	last := 0
	given := func(n name) int {
		v := int(o[n])
		if v > 0 && last > 0 {
			d.unread(max(v, last), "a second value[x]")
		}
		last = max(last, v)
		return v
	}
	if v := given(nValueQuantity); v > 0 {
		r = facts.Value{Kind: facts.QuantityValue, Quantity: d.quantity(v)}
	}
	if v := given(nValueString); v > 0 {
		r = facts.Value{Kind: facts.TextValue, Text: d.keepText(d.text(v))}
	}
	if v := given(nValueCodeableConcept); v > 0 {
		c := d.concept(v)
		r = facts.Value{Kind: facts.CodedValue, Concept: d.fact(c)}
		if c.absent != "" && len(c.codings) == 0 {
			r = facts.Value{Kind: facts.AbsentValue, Text: c.absent}
		}
	}
	for _, n := range otherValues {
		if given(n) > 0 {
			r = facts.Value{Kind: facts.OtherValue, Text: nameText[n]}
		}
	}
	if len(d.gaps) > before {
		r = facts.Value{Kind: facts.UnreadValue}
	}
	if v := int(o[nDataAbsentReason]); v > 0 {
		r = facts.Value{Kind: facts.AbsentValue, Text: d.absentCode(v)}
	}
	return r
}

func (d *decoder) absentCode(v int) string {
	c := d.concept(v)
	switch {
	case c.absent != "":
		return c.absent
	case len(c.codings) > 0:
		return c.codings[0].Code
	}
	return "unknown"
}
