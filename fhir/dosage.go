package fhir

import (
	"slices"
	"strconv"

	"github.com/rlsguard/rlsguard/checks"
)

// dosages reads the array of Dosages at v.
func (d *decoder) dosages(v int) (list []checks.Dosage) {
	d.scratchDosages = d.scratchDosages[:0]
	d.items(v, func(v int) { d.scratchDosages = append(d.scratchDosages, d.dosage(v)) })
	return slices.Clone(d.scratchDosages)
}

func (d *decoder) dosage(v int) (g checks.Dosage) {
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nSequence:
			g.Sequence = d.whole(o.v)
		case nAsNeededBoolean:
			g.AsNeeded = g.AsNeeded || d.boolean(o.v)
		case nAsNeededCodeableConcept:
			g.AsNeeded, g.AsNeededReason = true, d.fact(d.concept(o.v))
		case nRoute:
			g.Route = d.fact(d.concept(o.v))
		case nTiming:
			d.timing(o.v, &g)
		case nDoseAndRate:
			d.items(o.v, func(v int) { d.dose(v, &g) })
		case nMaxDosePerPeriod:
			if d.b[o.v] == '[' {
				d.foreign(o.v, "maxDosePerPeriod as R5 has it")
			} else {
				g.MaxPerDay = d.ratio(o.v)
			}
		case nDoseQuantity, nDoseRange:
			d.foreign(o.v, "a dose as STU3 has it")
		case nAsNeededFor:
			d.foreign(o.v, "asNeededFor as R5 has it")
		}
	}
	return g
}

// dose reads one doseAndRate; the first that says a dose counts.
func (d *decoder) dose(v int, g *checks.Dosage) {
	o := d.object(v)
	for d.more(&o) {
		var q checks.Quantity
		switch o.name {
		case nDoseQuantity:
			q = d.quantity(o.v)
		case nDoseRange:
			q = d.high(o.v)
		}
		if g.Dose == (checks.Quantity{}) {
			g.Dose = q
		}
	}
}

// timing reads Dosage.timing.
func (d *decoder) timing(v int, g *checks.Dosage) {
	t := &g.Timing
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nEvent:
			t.Events = d.count(o.v)
		case nCode:
			t.Code = timingCode(d.concept(o.v))
		case nRepeat:
			d.repeat(o.v, g)
		}
	}
}

// maxAbbreviation is longer than any of "q8h", "b.i.d." or "nocte"; a longer text is a sentence.
const maxAbbreviation = 16

// timingCode is the code of Timing.code, or its text where that is no more than an abbreviation.
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

func (d *decoder) repeat(v int, g *checks.Dosage) {
	t := &g.Timing
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nBoundsPeriod:
			g.Bounds = d.period(o.v)
		case nBoundsDuration:
			g.BoundsLength = d.quantity(o.v)
		case nBoundsRange:
			g.BoundsLength = d.high(o.v)
		case nFrequency, nFrequencyMax:
			t.Frequency = max(t.Frequency, d.whole(o.v))
		case nPeriod:
			t.Period = d.keep(d.number(o.v))
		case nPeriodUnit:
			if t.PeriodUnit = d.str(o.v); !periodUnit(t.PeriodUnit) {
				d.invalid(o.v, "periodUnit is none of FHIR R4")
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
	}
}

// count is the number of elements of the array at v.
func (d *decoder) count(v int) (n int) {
	d.items(v, func(int) { n++ })
	return n
}

func periodUnit(u string) bool {
	switch u {
	case "s", "min", "h", "d", "wk", "mo", "a":
		return true
	}
	return false
}

// daysPer is the length of a unit of time in days.
var daysPer = map[string]float64{
	"h": 1. / 24, "hour": 1. / 24, "hours": 1. / 24, "d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7,
	"mo": 30, "month": 30, "months": 30, "a": 365, "year": 365, "years": 365,
}

// days is q in days; unit is what a missing unit means. "" when that is not known, or not a length that a supply can have.
func days(q checks.Quantity, unit string) string {
	for _, u := range [...]string{q.Code, q.Unit} {
		if _, known := daysPer[u]; known {
			unit = u
			break
		}
		if u != "" {
			unit = ""
		}
	}
	n, err := strconv.ParseFloat(q.Value, 64)
	if daysPer[unit] == 0 || err != nil || n < 0 || n > 1e6 {
		return ""
	}
	return strconv.FormatFloat(n*daysPer[unit], 'f', -1, 64)
}
