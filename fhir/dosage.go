package fhir

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/unread"
)

func (d *decoder) dosages(v int) (list []facts.Dosage) {
	d.scratchDosages = d.scratchDosages[:0]
	d.items(v, func(v int) { d.scratchDosages = append(d.scratchDosages, d.dosage(v)) })
	return slices.Clone(d.scratchDosages)
}

// dosage reads the Dosage at v. If any part of the amount taken is unreadable, the whole amount is
// unknown.
func (d *decoder) dosage(v int) (g facts.Dosage) {
	unknown := false
	o := d.object(v)
	for d.more(&o) {
		mark := d.mark()
		switch o.name {
		case nSequence:
			g.Sequence = d.whole(o.v)
		case nAsNeededBoolean:
			g.AsNeeded = d.boolean(o.v) || g.AsNeeded
			d.unreadSince(mark, unread.AsNeeded)
			continue
		case nAsNeededCodeableConcept:
			if d.b[o.v] != '{' {
				d.wrong(o.v, "an object")
				d.unreadSince(mark, unread.AsNeeded)
				continue
			}
			g.AsNeeded, g.AsNeededReason = true, d.fact(d.concept(o.v))
			d.unreadSince(mark, unread.Other)
			continue
		case nRoute:
			g.Route = d.fact(d.concept(o.v))
			d.unreadSince(mark, unread.Other)
			continue
		case nTiming:
			unknown = d.timing(o.v, &g) || unknown
			continue
		case nDoseAndRate:
			d.items(o.v, func(v int) { d.dose(v, &g) })
		case nMaxDosePerPeriod:
			if d.b[o.v] == '[' {
				d.foreign(o.v, "maxDosePerPeriod as R5 has it")
			} else {
				g.MaxPerDay = d.ratio(o.v)
			}
		case nModifierExtension:
			d.modified(uint32(o.v))
		case nDoseQuantity, nDoseRange:
			d.foreign(o.v, "a dose as STU3 has it")
		case nAsNeededFor:
			d.foreign(o.v, "asNeededFor as R5 has it")
		}
		unknown = d.unreadSince(mark, unread.Dose) || unknown
	}
	if unknown {
		g.Timing, g.Dose, g.MaxPerDay, g.Sequence = facts.Timing{}, facts.Quantity{}, facts.Ratio{}, 0
	}
	return g
}

// dose reads one doseAndRate; the first one with a dose counts.
func (d *decoder) dose(v int, g *facts.Dosage) {
	o := d.object(v)
	for d.more(&o) {
		var q facts.Quantity
		switch o.name {
		case nDoseQuantity:
			q = d.quantity(o.v)
		case nDoseRange:
			q = d.high(o.v)
		case nModifierExtension:
			d.modified(uint32(o.v))
		}
		if g.Dose == (facts.Quantity{}) {
			g.Dose = q
		}
	}
}

// timing reads Dosage.timing, and reports whether a part other than a date cannot be read.
func (d *decoder) timing(v int, g *facts.Dosage) (unknown bool) {
	t := &g.Timing
	mark := d.mark()
	o := d.object(v)
	unknown = d.unreadSince(mark, unread.Dose)
	for d.more(&o) {
		mark := d.mark()
		switch o.name {
		case nEvent:
			t.Events = d.count(o.v)
		case nCode:
			t.Code = timingCode(d.concept(o.v))
		case nRepeat:
			unknown = d.repeat(o.v, g) || unknown
			continue
		case nModifierExtension:
			d.modified(uint32(o.v))
		}
		unknown = d.unreadSince(mark, unread.Dose) || unknown
	}
	return unknown
}

// maxAbbreviation is longer than "q8h", "b.i.d." or "nocte"; a longer text is a sentence.
const maxAbbreviation = 16

// timingCode is the code of Timing.code, or its text if that is a mere abbreviation.
func timingCode(c concept) string {
	switch {
	case len(c.codings) > 0:
		return c.codings[0].Code
	case len(c.bare) > 0:
		return c.bare[0].Code
	case len(c.texts) > 0 && len(c.texts[len(c.texts)-1]) <= maxAbbreviation: // displays come before the text
		return c.texts[len(c.texts)-1]
	}
	return ""
}

// repeat reads timing.repeat, and reports whether a part other than a date cannot be read.
func (d *decoder) repeat(v int, g *facts.Dosage) (unknown bool) {
	t := &g.Timing
	mark := d.mark()
	o := d.object(v)
	unknown = d.unreadSince(mark, unread.Dose)
	for d.more(&o) {
		mark := d.mark()
		switch o.name {
		case nBoundsPeriod:
			g.Bounds = d.period(o.v)
			d.unreadSince(mark, unread.Date)
			continue
		case nBoundsDuration, nBoundsRange:
			d.bounds(o.name, o.v, g)
			continue
		case nFrequency, nFrequencyMax:
			t.Frequency = max(t.Frequency, d.whole(o.v))
		case nPeriod:
			t.Period = d.keep(d.number(o.v))
		case nPeriodUnit:
			u := d.str(o.v)
			if t.PeriodUnit = labs.TimeUnit(u); t.PeriodUnit == "" && len(d.gaps) == mark {
				d.unread(o.v, "not a known unit of time")
			}
		case nWhen:
			t.When = d.count(o.v)
		case nTimeOfDay:
			t.TimesOfDay = d.count(o.v)
		case nDayOfWeek:
			t.DaysOfWeek = d.count(o.v)
		case nCount:
			t.Count = d.whole(o.v)
		}
		unknown = d.unreadSince(mark, unread.Dose) || unknown
	}
	return unknown
}

// bounds reads how long a dosage is taken. An unreadable length makes no short course.
func (d *decoder) bounds(n name, v int, g *facts.Dosage) {
	mark := d.mark()
	if n == nBoundsRange {
		g.BoundsLength = d.high(v)
	} else {
		g.BoundsLength = d.quantity(v)
	}
	q := &g.BoundsLength
	if len(d.gaps) == mark && q.Value != "" && labs.TimeUnit(q.Code) == "" && labs.TimeUnit(q.Unit) == "" {
		d.unread(v, "not a length of time in a known unit")
	}
	if d.unreadSince(mark, unread.Dose) {
		g.BoundsLength = facts.Quantity{}
	}
}

func (d *decoder) count(v int) (n int) {
	d.items(v, func(int) { n++ })
	return n
}
