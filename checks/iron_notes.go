package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// afterInfusion tells that a draw came too soon after iron by infusion.
func (c *ironCase) afterInfusion(name string, r *labReading) string {
	if !r.dated {
		return ""
	}
	for _, o := range c.Orders {
		if !o.IV || o.Date.IsZero() {
			continue
		}
		if gap := civilDayOf(r.effective, c.Labs.zone) - civilDayOf(o.Date, c.Labs.zone); gap >= 0 && gap < int64(c.Settings.IVIronDays) {
			return fmt.Sprintf("The %s %s was drawn less than %s after intravenous iron (ordered %s): it does not tell adequacy.",
				name, r.date(c.Labs.zone), dayCount(c.Settings.IVIronDays), o.Date.Date(c.Labs.zone))
		}
	}
	return ""
}

// calculatedNote marks a calculated TSAT close to the limit.
func (c *ironCase) calculatedNote() string {
	r := c.panel.tsat.shown
	if r == nil || !r.calculated || r.measure.value.Cmp(c.Settings.NearTSATLow) < 0 || r.measure.value.Cmp(c.Settings.NearTSATHigh) > 0 {
		return ""
	}
	return "The TSAT is calculated and near the limit."
}

// previousLow shows a low ferritin shortly before a newer one that is not low, when no iron was ordered in between.
func (c *ironCase) previousLow() string {
	f := &c.panel.ferritin
	if f.shown == nil || f.low || !f.newest.dated {
		return ""
	}
	newest := civilDayOf(f.newest.effective, c.Labs.zone)
	rs := c.Labs.of(terms.Ferritin)
	for i := range rs {
		r := &rs[i]
		if r.reason != labUsable || !r.dated || !r.at.Before(f.newest.at) || newest-civilDayOf(r.effective, c.Labs.zone) > int64(c.Settings.ShortenedDays) {
			continue
		}
		if v, _ := c.Settings.ferritinLimit(c.panel.group, r.performer).judge(&r.measure); v == verdictLow && !c.ironSince(r) {
			return "An earlier one was low: " + c.value("ferritin", r) + ", with no order for iron found since."
		}
	}
	return ""
}

// ironSince tells whether iron was ordered on or after the day of a draw.
func (c *ironCase) ironSince(r *labReading) bool {
	for _, o := range c.Orders {
		if !o.Date.IsZero() && (!r.dated || civilDayOf(o.Date, c.Labs.zone) >= civilDayOf(r.effective, c.Labs.zone)) {
			return true
		}
	}
	return false
}

// assayNote tells that the method matters, for a ferritin that another assay could read as low.
func (c *ironCase) assayNote() string {
	f := &c.panel.ferritin
	if f.shown == nil || f.low || f.shown.method || c.panel.group == ironDialysis || c.panel.group == ironChild {
		return ""
	}
	for _, l := range c.Settings.Laboratories {
		if l.Performer == string(f.shown.performer) && l.FerritinLow != nil {
			return ""
		}
	}
	v := f.shown.measure.value
	if v.Cmp(c.Settings.FerritinLow) <= 0 || v.Cmp(c.Settings.AssayNoteFerritin) > 0 {
		return ""
	}
	return "The ferritin assay is not stated: assays differ by about 60 %, so that 75 ng/mL on one reads as 121 ng/mL on another."
}

// inflammation tells that a ferritin above its limit does not clear beside a raised C-reactive protein of the same week.
func (c *ironCase) inflammation() string {
	f := &c.panel.ferritin
	if f.shown == nil || f.low || !f.shown.dated {
		return ""
	}
	day := civilDayOf(f.shown.effective, c.Labs.zone)
	crp := c.Labs.newestUsable(terms.CRP, func(r *labReading) bool {
		gap := day - civilDayOf(r.effective, c.Labs.zone)
		return r.dated && max(gap, -gap) <= int64(c.Settings.CRPDays) &&
			r.measure.value.Cmp(c.Settings.CRPLimit) > 0 && !strings.HasPrefix(r.measure.comparator, "<")
	})
	if crp == nil {
		return ""
	}
	return "C-reactive protein was raised (" + crp.measure.text() + ", " + crp.date(c.Labs.zone) + "): ferritin may read falsely high and does not clear; TSAT decides."
}

// treatment says what iron can do for this patient (rules.md R3, R9, R11).
func (c *ironCase) treatment() string {
	switch {
	case len(c.IronCaution) > 0:
		return "Haemochromatosis or iron overload is on record: give no iron on this result; ask a specialist."
	case c.panel.group == ironDialysis:
		return "Consider intravenous iron sucrose with the renal team. Gabapentin is usually begun at 100 mg after dialysis or at night, seldom above 300 mg."
	case c.panel.group == ironChild:
		return "Discuss oral ferrous sulfate with a specialist for children; the adult limits and the adult band for infusions do not apply."
	}
	f, t := c.panel.ferritin.shown, c.panel.tsat.shown
	tooMuch := t != nil && c.panel.tsat.state == analyteUsable && t.measure.value.Cmp(c.Settings.OralCeilingTSAT) > 0
	switch {
	case c.panel.ferritin.low && tooMuch:
		return "Low ferritin with a TSAT above " + c.Settings.OralCeilingTSAT.String() + " % is contradictory: have both repeated before any iron is given."
	case c.panel.ferritin.low:
		return c.replace(f)
	case f == nil || c.panel.ferritin.state != analyteUsable:
		return "Have ferritin measured: it decides whether oral iron can help."
	case f.measure.value.Cmp(c.Settings.IVOnlyFerritin) <= 0:
		return "With ferritin in the band from " + c.Settings.FerritinLow.String() + " to " + c.Settings.IVOnlyFerritin.String() +
			" ng/mL oral iron is not expected to help: only intravenous iron is considered."
	}
	return "Low by TSAT alone with ferritin above " + c.Settings.IVOnlyFerritin.String() +
		" ng/mL: inflammation or functional deficiency is possible; refer rather than choose a product."
}

// replace is the advice for an adult's low ferritin.
func (c *ironCase) replace(f *labReading) string {
	text := "Treat iron as well: oral iron (65 mg elemental iron once daily or every other day, with vitamin C; it takes about 12 weeks) or intravenous iron. " +
		"Look for the cause of the deficiency"
	if f.measure.value.Cmp(c.Settings.InvestigateFerritin) < 0 {
		text += ", above all with ferritin below " + c.Settings.InvestigateFerritin.String() + " ng/mL"
	}
	return text + "."
}

// caution says when intravenous iron has to wait.
func (c *ironCase) caution() string {
	if len(c.IronCaution) > 0 || c.panel.group == ironChild {
		return ""
	}
	if c.Pregnant {
		return "Pregnancy is on record: intravenous iron only from the second trimester on, and not in active infection."
	}
	return "No intravenous iron in active infection or the first trimester of pregnancy."
}

// therapy tells that iron is ordered already.
func (c *ironCase) therapy() string {
	var dates []string
	for _, o := range c.Orders {
		date := "without a date"
		if !o.Date.IsZero() {
			date = "on " + o.Date.Date(c.Labs.zone)
		}
		dates = append(dates, date)
	}
	if len(dates) == 0 {
		return ""
	}
	return "Iron is already ordered (" + strings.Join(sortedUnique(dates), ", ") + "): ask when it is to be rechecked."
}

// shortened names the date from which a repeat is due where results age faster. It is a date, so that the text does not change with time alone.
func (c *ironCase) shortened() string {
	older := c.olderDraw()
	if older == nil || !older.dated {
		return ""
	}
	var why []string
	if c.ironSince(older) {
		why = append(why, "iron since the draw")
	}
	if c.panel.low() {
		why = append(why, "a low value")
	}
	if c.Pregnant {
		why = append(why, "pregnancy")
	}
	if c.panel.group == ironDialysis {
		why = append(why, "dialysis")
	}
	if len(why) == 0 {
		return ""
	}
	due := civilStart(civilDayOf(older.effective, c.Labs.zone)+int64(c.Settings.ShortenedDays), c.Labs.zone)
	return fmt.Sprintf("With %s a repeat is due %s after the draw: from %s on.", strings.Join(why, " and "), dayCount(c.Settings.ShortenedDays), inZone(due, c.Labs.zone))
}

// olderDraw is the older of the newest ferritin and the newest TSAT.
func (c *ironCase) olderDraw() *labReading {
	f, t := c.panel.ferritin.newest, c.panel.tsat.newest
	switch {
	case f == nil:
		return t
	case t == nil || compareNewest(f, t) > 0:
		return f
	}
	return t
}

// repeat asks for what a complete picture lacks.
func (c *ironCase) repeat() string {
	for _, a := range c.analytes() {
		if a.res.state != analyteUsable {
			return joinSentences("Have the set completed ("+a.name+").", sampling)
		}
	}
	return ""
}

// fill asks for what is missing; a result that is pending need not be ordered again.
func (c *ironCase) fill() string {
	if min(c.panel.ferritin.state, c.panel.tsat.state) == analytePending {
		return "See the pending result when it comes."
	}
	return joinSentences(orderIron, sampling)
}

func sortedUnique(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}

// joinRefs gathers references, sorted, each once.
func joinRefs(groups ...[]Ref) []Ref {
	all := slices.Concat(groups...)
	slices.Sort(all)
	return slices.Compact(all)
}
