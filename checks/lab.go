package checks

import (
	"cmp"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// labReading is one result of one analyte: an Observation, one of its components, or a TSAT
// calculated from several.
type labReading struct {
	lab       *labs.Lab
	refs      []facts.Ref // the Observation; for a calculated one, everything it rests on
	result    int         // number within one report, from 1
	part      int         // component, from 1; 0 is the Observation itself
	status    facts.LabStatus
	effective moment.Time
	dated     bool
	at        time.Time
	// unplaced: its effective time cannot be read. It is placed as late as possible.
	unplaced bool
	// afloat: only the as-of time bounds it, so its distance from other results means nothing.
	afloat    bool
	specimen  facts.Ref
	performer facts.Ref
	method    bool // the method is stated
	value     *facts.Value
	measure   measure.Measure
	reason    measure.Reason
	// of names the input that reason is about, for a TSAT that could not be calculated.
	of         string
	calculated bool
	note       string
}

// labBook holds a patient's results as of an instant, by analyte. A book belongs to one goroutine:
// of reads the numbers of an analyte on first use, since most patients have many weights and
// creatinines that no check looks at.
type labBook struct {
	terms    *terms.Terms
	rules    measure.Rules
	readings [labs.PregnancyTestQuantitative + 1][]labReading
	read     [labs.PregnancyTestQuantitative + 1]bool
	// dialysis are results whose code implies dialysis.
	dialysis []facts.Ref
	// next is when the next future-dated result begins to count; zero if there is none.
	next upcoming
	zone *time.Location
	asOf time.Time
}

// readLabs reads every result that counts at asOf (rules.md R15): from its effective time on,
// unless cancelled. Readings are sorted by time and reference, so that the order of facts does not
// matter.
func readLabs(st *State, t *terms.Terms, zone *time.Location, set *ironSettings, asOf time.Time) *labBook {
	b := &labBook{terms: t, rules: measure.Rules{UnitlessPercent: set.TSATUnitlessPercent}, zone: zone, asOf: asOf}
	for i := range st.Facts {
		if f := &st.Facts[i]; f.Kind == facts.KindLab {
			b.fact(f.Ref, f.Lab, 0)
			for i := range f.Lab.Results {
				b.fact(f.Ref, &f.Lab.Results[i], i+1)
			}
		}
	}
	slices.Sort(b.dialysis)
	b.drift()
	return b
}

// of returns the readings of an analyte, newest first.
func (b *labBook) of(a labs.Analyte) []labReading {
	rs := b.readings[a]
	if b.read[a] {
		return rs
	}
	b.read[a] = true
	for i := range rs {
		if r := &rs[i]; r.reason == measure.Usable {
			r.measure, r.reason = measure.Read(b.terms, r.lab, r.value, b.rules)
		}
	}
	slices.SortFunc(rs, compareReadings)
	return rs
}

// compareReadings puts the newest first and undated ones last, then orders by reference.
func compareReadings(a, b labReading) int {
	return cmp.Or(compareNewest(&a, &b), compareSource(&a, &b))
}

// compareSource orders readings by where they stand, so that the order of facts does not matter.
func compareSource(a, b *labReading) int {
	return cmp.Or(slices.Compare(a.refs, b.refs), cmp.Compare(a.result, b.result), cmp.Compare(a.part, b.part))
}

// compareNewest is negative if a is newer than b. An undated result is never newer than a dated
// one.
func compareNewest(a, b *labReading) int {
	switch {
	case a.dated && b.dated:
		return b.at.Compare(a.at)
	case a.dated:
		return -1
	case b.dated:
		return 1
	}
	return 0
}

// collected is when a result was taken: its effective time, or the start, else the end, of its
// period.
func collected(l *facts.LabResult) moment.Time {
	if l.Effective.Start.IsZero() {
		return l.Effective.End
	}
	return l.Effective.Start
}

// fact adds what resource ref says; within a report of several results, the one of that number.
func (b *labBook) fact(ref facts.Ref, l *facts.LabResult, number int) {
	if l.Status == facts.LabCancelled || len(l.Results) > 0 {
		return
	}
	base := labReading{
		refs: []facts.Ref{
			ref,
		}, result: number, status: l.Status, effective: collected(l), specimen: l.Specimen, performer: l.Performer,
		method: len(l.Method.Codings)+len(l.Method.Texts) > 0, unplaced: l.TimeUnread,
	}
	if !base.effective.IsZero() {
		base.dated, base.at = true, base.effective.Start(b.zone)
	}
	switch {
	case base.unplaced && (!base.dated || base.at.After(b.asOf)):
		if base.dated {
			b.next.add(base.at, ahead.ResultCounts, ref)
		}
		base.dated, base.afloat, base.at, base.effective = true, true, b.asOf, moment.Instant(b.asOf)
	case base.dated && base.at.After(b.asOf):
		b.next.add(base.at, ahead.ResultCounts, ref)
		return
	}
	// A panel's own value, beside components or members, would have no code in the tables; without
	// a value the panel is only their envelope.
	if l.Status == facts.LabRegistered || l.Value.Kind != facts.NoValue || len(l.Components)+len(l.Members) == 0 {
		b.result(base, l.Loincs, &l.Value)
	}
	for i := range l.Components {
		part := base
		part.part = i + 1
		b.result(part, l.Components[i].Loincs, &l.Components[i].Value)
	}
}

// result adds the reading of one value under its codes. A code that must never be read as a result
// (a goal, the soluble receptor) outranks the others; codes of different tests leave none certain.
func (b *labBook) result(base labReading, loincs []string, v *facts.Value) {
	rows, clear := b.rows(loincs)
	for i, lab := range rows {
		switch {
		case lab.Use == labs.DialysisMarker:
			if base.status != facts.LabRegistered && v.Kind != facts.AbsentValue {
				b.dialysis = append(b.dialysis, base.refs...)
			}
		case lab.Use == labs.ContextPregnancy:
		case lab.Use == labs.Panel:
			// An ordered iron panel promises a TSAT, and so does one with an unreadable part.
			if (base.status == facts.LabRegistered || v.Kind == facts.UnreadValue) && len(rows) == 1 {
				b.add(base, labs.TSAT, lab, v, true)
			}
		case i > 0 && lab.Analyte == rows[i-1].Analyte:
		default:
			b.add(base, lab.Analyte, lab, v, clear)
		}
	}
}

// rows are the table rows of a result's codes, sorted, and whether they agree on the analyte.
func (b *labBook) rows(loincs []string) (rows []*labs.Lab, clear bool) {
	for _, code := range loincs {
		lab, ok := labs.Find(code)
		if !ok {
			continue
		}
		if lab.Use == labs.Exclude {
			return nil, false
		}
		rows = append(rows, lab)
	}
	slices.SortFunc(rows, func(a, b *labs.Lab) int {
		return cmp.Or(cmp.Compare(a.Analyte, b.Analyte), cmp.Compare(a.LOINC, b.LOINC))
	})
	analytes := 0
	for i, lab := range rows {
		if lab.Use != labs.Panel && (i == 0 || lab.Analyte != rows[i-1].Analyte) {
			analytes++
		}
	}
	return rows, analytes <= 1
}

func (b *labBook) add(reading labReading, a labs.Analyte, lab *labs.Lab, v *facts.Value, clear bool) {
	reading.lab, reading.value = lab, v
	switch {
	case reading.status == facts.LabRegistered:
		reading.reason = measure.Pending
	case !clear:
		reading.reason = measure.CodesDisagree
	}
	if lab.Use == labs.EvaluateWithNote {
		reading.note = words.Say("lab.note.whole-blood")
	}
	b.readings[a] = append(b.readings[a], reading)
}

// earlier is the earlier of two instants; zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// newestUsable is the newest final, readable number of an analyte that meets ok; nil if there is
// none.
func (b *labBook) newestUsable(a labs.Analyte, ok func(*labReading) bool) *labReading {
	rs := b.of(a)
	for i := range rs {
		if r := &rs[i]; r.reason == measure.Usable && r.status == facts.LabFinal && ok(r) {
			return r
		}
	}
	return nil
}

func (r *labReading) date(zone *time.Location) string {
	switch {
	case r.unplaced:
		return words.Say("iron.unplaced")
	case !r.dated:
		return words.Say("iron.undated")
	}
	return r.effective.Date(zone)
}
