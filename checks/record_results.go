package checks

import (
	"cmp"
	"slices"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// recordSources are the analytes that others are calculated from or read with, and their names in
// record.Series.
var recordSources = []struct {
	analyte labs.Analyte
	word    string
}{
	{labs.Iron, "iron"}, {labs.TIBC, "tibc"}, {labs.UIBC, "uibc"}, {labs.Transferrin, "transferrin"},
	{labs.CRP, "crp"}, {labs.Weight, "weight"},
}

// recordResults are the series that have a result: iron, kidneys, then what they rest on.
func (ev *evaluation) recordResults() []record.Series {
	ev.gatherTakers()
	in := ev.ironInput()
	all := append(ev.recordIron(&in), ev.recordKidneys(in.Labs)...)
	for _, s := range recordSources {
		series := record.Series{Analyte: s.word, Name: s.analyte.String(), Source: true}
		readings := in.Labs.of(s.analyte)
		for i := range readings {
			r := &readings[i]
			series.Unit = cmp.Or(series.Unit, measure.UnitWords(r.lab.CanonicalUnit))
			series.Points = append(series.Points, ev.recordPoint(r, cmp.Or(r.reason, statusReason(r.status))))
		}
		all = append(all, series)
	}
	all = slices.DeleteFunc(all, func(s record.Series) bool { return len(s.Points) == 0 })
	for i := range all {
		slices.SortStableFunc(all[i].Points, comparePoints)
	}
	return all
}

// comparePoints puts the oldest first and undated ones last.
func comparePoints(a, b record.Point) int {
	if a.At.IsZero() != b.At.IsZero() {
		if b.At.IsZero() {
			return -1
		}
		return 1
	}
	return cmp.Or(a.At.At.Compare(b.At.At), slices.Compare(a.Refs, b.Refs))
}

// recordPoint is one reading; why says why it cannot be used, unless it is measure.Usable.
func (ev *evaluation) recordPoint(r *labReading, why measure.Reason) record.Point {
	p := record.Point{Refs: r.refs, Usable: why == measure.Usable, Calculated: r.calculated, Why: r.note}
	if r.dated && !r.unplaced {
		p.At = ev.recordDate(r.effective)
	}
	if why != measure.Usable {
		p.Why = why.Words()
		if r.of != "" {
			p.Why += " (" + r.of + ")"
		}
	}
	q := &r.value.Quantity
	switch {
	case r.reason == measure.Usable:
		m := r.measure
		if r.calculated {
			m.Value = decimal.Of(m.Value.Cut(1))
		}
		p.Value, p.Comparator, p.Words = m.Value.Cut(10), m.Comparator, m.Text()
	case r.value.Kind == facts.QuantityValue && !r.calculated:
		sent := shortened(q.Comparator+q.Value+" "+measure.UnitWords(anyUnit(q)), productLength)
		p.Words = words.Say("record.sent", "value", sent)
	}
	return p
}

func (ev *evaluation) recordIron(in *ironInput) []record.Series {
	c := ironCase{ironInput: in}
	group := c.group()
	ferritin := record.Series{Analyte: "ferritin", Name: words.Say("analyte.ferritin"), Unit: "ng/mL"}
	tsat := record.Series{Analyte: "tsat", Name: words.Say("analyte.tsat"), Unit: "%"}
	general := in.Settings.ferritinLimit(group, "")
	ferritin.Limits = []record.Limit{ironLimitWords(general, group)}
	if l, ok := in.Settings.tsatLimit(group); ok {
		tsat.Limits = []record.Limit{ironLimitWords(l, group)}
	}
	add := func(s *record.Series, readings []labReading, limitOf func(*labReading) (measure.IronLimit, bool)) {
		for i := range readings {
			l, limited := limitOf(&readings[i])
			j := judgeReading(&readings[i], l, limited)
			p := ev.recordPoint(&readings[i], j.why)
			p.Beyond = j.verdict == measure.VerdictLow
			s.Points = append(s.Points, p)
		}
	}
	add(&ferritin, in.Labs.of(labs.Ferritin), func(r *labReading) (measure.IronLimit, bool) {
		return in.Settings.ferritinLimit(group, r.performer), true
	})
	add(&tsat, saturations(in.Labs, in.Terms, in.Settings, group), func(*labReading) (measure.IronLimit, bool) {
		return in.Settings.tsatLimit(group)
	})
	return []record.Series{ferritin, tsat}
}

func ironLimitWords(l measure.IronLimit, g ironGroup) record.Limit {
	out := record.Limit{Value: l.Value.String(), Side: record.Below}
	key := [...]string{"adult", "child", "unknown", "dialysis"}[g]
	if l.Inclusive {
		out.Side = record.AtOrBelow
	}
	out.Label = words.Say("record.limit."+out.Side, "value", out.Value, "whose", words.Say("record.whose."+key))
	return out
}
