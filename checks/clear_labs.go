package checks

import (
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

// drawnTest is a test as a change names it, and the code it is tried with.
type drawnTest struct{ analyte, loinc string }

var (
	ferritinTest  = drawnTest{"ferritin", "2276-4"}
	tsatTest      = drawnTest{"TSAT", "2502-3"}
	egfrTest      = drawnTest{"eGFR", "98979-8"}
	clearanceTest = drawnTest{"creatinine clearance", "35591-7"}
)

// justAbove is added to a limit that a result must exceed.
var justAbove = decimal.Of("0.01")

// result is the required result of a test.
func (d drawnTest) result(comparator string, value decimal.Decimal, unit string) clears.Result {
	r := clears.Result{Analyte: d.analyte, Limit: clears.Limit{Comparator: comparator, Unit: unit}}
	if comparator != "" {
		r.Value = value.String()
	}
	return r
}

// ironResults tries ferritin, TSAT, and both from one draw, on the good side of the patient's
// limits and newer than everything known.
func (w *whatIf) ironResults(wanted bool) []trial {
	w.ev.decideIron()
	in := w.ev.ironInput()
	c := ironCase{ironInput: &in}
	g := c.group()
	ferritin, limit := ferritinTest.result(">=", decimal.Decimal{}, "ng/mL"), in.Settings.ferritinLimit(g, "")
	if ferritin.Value = limit.Value.String(); limit.Inclusive {
		ferritin.Comparator = ">"
	}
	tsat := tsatTest.result("", decimal.Decimal{}, "%")
	if limit, limited := in.Settings.tsatLimit(g); limited {
		tsat = tsatTest.result(">=", limit.Value, "%")
	}
	// Two draws count as different when more than a day apart.
	ofFerritin := w.dayAfter(in.Labs, 2, labs.Ferritin)
	ofTSAT := w.dayAfter(in.Labs, 2, labs.TSAT, labs.Iron, labs.TIBC, labs.UIBC, labs.Transferrin)
	days := in.Settings.StaleDays
	if in.Alpha2Delta {
		days = in.Settings.AgeingDays
	}
	list := []trial{
		w.draw(days, ofFerritin, ferritin),
		w.draw(days, ofTSAT, tsat),
		w.draw(days, max(ofFerritin, ofTSAT), ferritin, tsat),
	}
	for i := range list {
		list[i].Wanted = wanted
	}
	return list
}

// kidneyResults tries the values from which the dose needs no flag, smallest first.
func (w *whatIf) kidneyResults(f *Flag) (list []trial) {
	k, ok := w.kidneysOf(f.Ingredient)
	if !ok {
		return nil
	}
	test, unit := egfrTest, "mL/min/{1.73_m2}"
	if k.in.onDialysis() {
		test, unit = clearanceTest, "mL/min"
	}
	from := ">"
	if k.row.LowerEnds {
		from = ">="
	}
	set := k.in.Settings
	day := w.dayAfter(k.in.Labs, 1, labs.CreatinineClearance, labs.Creatinine, labs.EGFR)
	for _, at := range []clears.Result{
		test.result(from, set.Severe, unit),
		test.result(">=", set.UnknownDoseBelow, unit),
		test.result(from, set.Moderate, unit),
		test.result(">=", set.Normal, unit),
	} {
		t := w.draw(set.CreatinineDays, day, at)
		t.Wanted = k.unread
		list = append(list, t)
	}
	return list
}

// dayAfter is the first day that lies days after the newest dated result of some analytes; 0 if
// there is none.
func (w *whatIf) dayAfter(b *labBook, days int64, analytes ...labs.Analyte) (day int64) {
	for _, a := range analytes {
		for _, r := range b.of(a) {
			if r.dated && !r.unplaced && r.reason != measure.Pending {
				day = max(day, lastDayOf(r.effective, w.ev.zone)+days)
			}
		}
	}
	return day
}

// draw is one draw on the day of asOf, or on day if that is later. Since the change says how many
// days it counts for, the first day of that span must clear the flag as well.
func (w *whatIf) draw(days int, day int64, results ...clears.Result) trial {
	today := civilDay(w.ev.asOf, w.ev.zone)
	t := trial{Change: clears.Change{Kind: clears.Lab, Results: results, Days: days}, at: w.ev.asOf}
	if day > 0 {
		t.From = civilDate(day)
	}
	if day > today {
		t.at = civilStart(day, w.ev.zone)
	}
	newest := max(day, today)
	t.facts = drawnOn(newest, results)
	if oldest := max(day, today-int64(days)); oldest < newest {
		t.also = drawnOn(oldest, results)
	}
	return t
}

// drawnOn returns results of a day, each just good enough.
func drawnOn(day int64, results []clears.Result) (all []facts.Fact) {
	at := moment.Time{Nanos: time.Unix(day*86_400, 0).UnixNano(), Precision: moment.ToDay}
	for _, r := range results {
		value := decimal.Of("30") // for a test without a limit
		if r.Comparator != "" {
			value = decimal.Of(r.Value)
		}
		if r.Comparator == ">" {
			value = value.Plus(justAbove)
		}
		loinc := ""
		for _, test := range []drawnTest{ferritinTest, tsatTest, egfrTest, clearanceTest} {
			if test.analyte == r.Analyte {
				loinc = test.loinc
			}
		}
		all = append(all, facts.Fact{
			Ref: facts.Ref("Observation/what-if-" + loinc), Kind: facts.KindLab,
			Lab: &facts.LabResult{
				Status: facts.LabFinal, Loincs: []string{loinc}, Effective: facts.Period{Start: at},
				Value: facts.Value{
					Kind:     facts.QuantityValue,
					Quantity: facts.Quantity{Value: value.String(), Unit: r.Unit},
				},
			},
		})
	}
	return all
}

func (*whatIf) readFor(check string) []labs.Analyte {
	if check == checkRenalDose {
		return []labs.Analyte{labs.CreatinineClearance, labs.Creatinine, labs.EGFR, labs.Weight}
	}
	return []labs.Analyte{labs.Ferritin, labs.TSAT, labs.Iron, labs.TIBC, labs.UIBC, labs.Transferrin}
}

// units tries the newest results whose unit is missing or unknown, as if sent in the canonical
// unit.
func (w *whatIf) units(f *Flag) (list []trial, cut bool) {
	b := w.ev.labs()
	for _, a := range w.readFor(f.Check) {
		alone := 0
		for _, r := range b.of(a) {
			if r.reason != measure.NoUnit && r.reason != measure.UnknownUnit && r.reason != measure.UnitsDisagree {
				continue
			}
			if alone++; alone > mostAlone {
				return list, true
			}
			list = append(list, trial{
				Change: clears.Change{
					Kind: clears.Unit, Targets: r.refs, Value: r.lab.CanonicalUnit, From: r.effective.Date(w.ev.zone),
					Results: []clears.Result{{Analyte: r.lab.Analyte.String()}},
				},
				facts: []facts.Fact{w.inUnit(&r)}, at: w.ev.asOf,
			})
		}
	}
	return list, false
}

// inUnit is the resource of a reading, with the canonical unit.
func (w *whatIf) inUnit(r *labReading) facts.Fact {
	f := *w.st.Find(r.refs[0])
	lab := *f.Lab
	f.Lab = &lab
	at := &lab
	if r.result > 0 {
		lab.Results = slices.Clone(lab.Results)
		at = &lab.Results[r.result-1]
	}
	value := &at.Value
	if r.part > 0 {
		at.Components = slices.Clone(at.Components)
		value = &at.Components[r.part-1].Value
	}
	value.Quantity.Unit, value.Quantity.Code, value.Quantity.System = r.lab.CanonicalUnit, "", ""
	return f
}
