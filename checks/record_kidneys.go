package checks

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// recordKidneys are clearance and eGFR, reported and estimated from creatinine, against the limits
// at which the dose of a gabapentinoid changes; and creatinine itself.
func (ev *evaluation) recordKidneys(book *labBook) []record.Series {
	in := renalInput{
		Labs: book, Settings: &ev.set.Renal, Birth: ev.person.Birth, Sex: ev.person.Sex, Dialysis: ev.onDialysis(),
	}
	limits := ev.recordKidneyLimits()
	clearance := record.Series{
		Analyte: "clearance", Name: words.Say("kidney.clearance"), Unit: "mL/min", Limits: limits,
	}
	egfr := record.Series{Analyte: "egfr", Name: words.Say("kidney.egfr"), Unit: "mL/min/1.73 m²", Limits: limits}
	creatinine := record.Series{
		Analyte: "creatinine", Name: words.Say("kidney.creatinine"), Unit: "mg/dL", Source: true,
	}
	ev.recordReported(&in, &clearance, labs.CreatinineClearance)
	reported := ev.recordReported(&in, &egfr, labs.EGFR)
	readings := book.of(labs.Creatinine)
	for i := range readings {
		r := &readings[i]
		s, k := &clearance, in.cockcroftGault(r)
		if k.band == renalUnknown {
			s, k = &egfr, in.ckdEPI(r)
		}
		why := r.reason
		if k.band == renalUnknown && why == measure.Usable {
			why = measure.NotCalculable
		}
		p := ev.recordPoint(r, why)
		if k.band == renalUnknown {
			p.Why = in.whyUnread(r)
		}
		creatinine.Points = append(creatinine.Points, p)
		if k.band == renalUnknown || s == &egfr && reported[civilDayOf(r.effective, ev.zone)] {
			continue
		}
		s.Points = append(s.Points, ev.recordEstimate(r, &k))
	}
	return []record.Series{clearance, egfr, creatinine}
}

// recordReported adds reported results, and returns the days with a usable one.
func (ev *evaluation) recordReported(in *renalInput, s *record.Series, a labs.Analyte) map[int64]bool {
	days := map[int64]bool{}
	readings := in.Labs.of(a)
	for i := range readings {
		r := &readings[i]
		band, why := in.readable(r, &r.measure)
		p := ev.recordPoint(r, why)
		p.Beyond = why == measure.Usable && band != renalNormal
		s.Points = append(s.Points, p)
		if why == measure.Usable {
			days[civilDayOf(r.effective, ev.zone)] = true
		}
	}
	return days
}

func (ev *evaluation) recordEstimate(r *labReading, k *kidneyFunction) record.Point {
	m := k.clearance
	p := ev.recordPoint(r, measure.Usable)
	p.Refs, p.Calculated, p.Why = k.refs, true, k.words
	p.Value, p.Comparator, p.Beyond = m.Value.Cut(1), m.Comparator, k.band != renalNormal
	p.Words = strings.TrimSpace(m.Comparator + " " + p.Value + " " + measure.UnitWords(m.Unit))
	return p
}

// recordKidneyLimits are the lower ends of the bands, highest first, with the doses below each that
// the labels of the patient's gabapentinoids allow.
func (ev *evaluation) recordKidneyLimits() []record.Limit {
	set := &ev.set.Renal
	var all []record.Limit
	for _, end := range []struct {
		value decimal.Decimal
		side  string
		most  func(*RenalMaximum) decimal.Decimal
	}{
		{set.Normal, record.Below, func(m *RenalMaximum) decimal.Decimal { return m.Moderate }},
		{set.Moderate, record.AtOrBelow, func(m *RenalMaximum) decimal.Decimal { return m.Severe }},
		{set.Severe, record.AtOrBelow, func(m *RenalMaximum) decimal.Decimal { return m.Failure }},
	} {
		var doses []string
		for _, group := range ev.byIngredient(func(x *exposure) bool { return x.Class == drugs.Alpha2Delta }) {
			in := ev.renalInput(group)
			if row, ok := in.row(); ok {
				doses = append(doses, words.Say("record.most", "drug", group[0].Name, "mg", end.most(&row).String()))
			}
		}
		l := record.Limit{Value: end.value.String(), Side: end.side}
		l.Label = words.Say("record.kidney."+end.side, "value", l.Value)
		if len(doses) > 0 {
			l.Label += ": " + words.And(doses)
		}
		all = append(all, l)
	}
	return all
}
