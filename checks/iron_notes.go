package checks

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

func (c *ironCase) lowNotes() string {
	var notes []string
	for _, a := range c.analytes() {
		if !a.res.low {
			continue
		}
		note := func(key string, pairs ...string) {
			notes = append(notes, words.Say(key, append(pairs, "analyte", a.name)...))
		}
		if a.age == labStale {
			note("iron.low.stale", "days", strconv.Itoa(c.Settings.StaleDays))
		}
		if a.res.atLimit {
			note("iron.low.at-limit")
		}
		if a.res.shown.status != facts.LabFinal {
			note("iron.low.provisional", "status", statusWords(a.res.shown.status))
		}
		if a.res.other != nil {
			note("iron.low.disagrees", "value", c.value(a.name, a.res.other))
		}
		if a.res.blocked != nil {
			note("iron.low.newer-unusable")
		}
	}
	return joinSentences(append(notes, c.groupNote(), c.readingNotes())...)
}

// groupNote says what the limits rest on if that is not obvious.
func (c *ironCase) groupNote() string {
	switch c.panel.group {
	case ironDialysis:
		return words.Say(
			"iron.group.dialysis",
			"ferritin",
			c.Settings.DialysisFerritin.String(),
			"tsat",
			c.Settings.DialysisTSAT.String(),
		)
	case ironChild:
		return words.Say("iron.group.child")
	case ironAgeUnknown:
		would := "iron.group.unknown.none"
		if f := c.panel.ferritin.shown; f != nil {
			would = "iron.group.unknown.no"
			if v, _ := c.Settings.ferritinLimit(ironChild, f.performer).Judge(&f.measure); v == measure.VerdictLow {
				would = "iron.group.unknown.yes"
			}
		}
		return words.Say(
			"iron.group.unknown",
			"limit",
			c.Settings.ferritinLimit(ironChild, "").Value.String(),
			"would",
			words.Say(would),
		)
	}
	return ""
}

// readingNotes are caveats on reading a result; they hold whatever the decision.
func (c *ironCase) readingNotes() string {
	var notes []string
	for _, a := range c.analytes() {
		r := a.res.shown
		if r == nil {
			continue
		}
		if r.measure.Caveat {
			notes = append(notes, words.Say("iron.note.range", "analyte", a.name))
		}
		if r.note != "" {
			notes = append(notes, r.note)
		}
		if !r.afloat && r.effective.Precision >= moment.ToInstant && r.at.In(c.Labs.zone).Hour() >= 12 {
			notes = append(notes, words.Say("iron.note.afternoon", "analyte", a.name, "date", r.date(c.Labs.zone)))
		}
		notes = append(notes, c.afterInfusion(a.name, r))
	}
	notes = append(notes, c.calculatedNote(), c.previousLow(), c.assayNote(), c.inflammation())
	return joinSentences(slices.Compact(notes)...)
}

// afterInfusion says that a draw came too soon after an iron infusion.
func (c *ironCase) afterInfusion(name string, r *labReading) string {
	if !r.dated || r.afloat {
		return ""
	}
	for _, o := range c.Orders {
		if !o.IV || o.Date.IsZero() {
			continue
		}
		if gap := civilDayOf(r.effective, c.Labs.zone) - civilDayOf(o.Date, c.Labs.zone); gap >= 0 &&
			gap < int64(c.Settings.IVIronDays) {
			return words.Say("iron.note.infusion", "analyte", name, "date", r.date(c.Labs.zone),
				"days", strconv.Itoa(c.Settings.IVIronDays), "order", o.Date.Date(c.Labs.zone))
		}
	}
	return ""
}

// calculatedNote marks a calculated TSAT close to the limit.
func (c *ironCase) calculatedNote() string {
	r := c.panel.tsat.shown
	if r == nil || !r.calculated || r.measure.Value.Cmp(c.Settings.NearTSATLow) < 0 ||
		r.measure.Value.Cmp(c.Settings.NearTSATHigh) > 0 {
		return ""
	}
	return words.Say("iron.note.near")
}

// previousLow shows a low ferritin shortly before a newer one that is not low, if no iron was
// ordered in between.
func (c *ironCase) previousLow() string {
	f := &c.panel.ferritin
	if f.shown == nil || f.low || !f.newest.dated {
		return ""
	}
	newest := civilDayOf(f.newest.effective, c.Labs.zone)
	rs := c.Labs.of(labs.Ferritin)
	for i := range rs {
		r := &rs[i]
		if r.reason != measure.Usable || !r.dated || !r.at.Before(f.newest.at) ||
			newest-civilDayOf(r.effective, c.Labs.zone) > int64(c.Settings.ShortenedDays) {
			continue
		}
		if v, _ := c.Settings.ferritinLimit(c.panel.group, r.performer).Judge(&r.measure); v == measure.VerdictLow &&
			!c.ironSince(r) {
			return words.Say("iron.note.earlier", "value", c.value("ferritin", r))
		}
	}
	return ""
}

// ironSince reports whether iron was ordered on or after the day of a draw.
func (c *ironCase) ironSince(r *labReading) bool {
	return slices.ContainsFunc(c.Orders, func(o ironOrder) bool {
		return !o.Date.IsZero() && (!r.dated || civilDayOf(o.Date, c.Labs.zone) >= civilDayOf(r.effective, c.Labs.zone))
	})
}

// assayNote says that the method matters, for a ferritin that another assay could read as low.
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
	v := f.shown.measure.Value
	if v.Cmp(c.Settings.FerritinLow) <= 0 || v.Cmp(c.Settings.AssayNoteFerritin) > 0 {
		return ""
	}
	return words.Say(
		"iron.note.assay",
		"low",
		c.Settings.FerritinLow.String(),
		"high",
		c.Settings.AssayNoteFerritin.String(),
	)
}

// inflammation says that a ferritin above its limit does not rule out deficiency if C-reactive
// protein was raised within CRPDays.
func (c *ironCase) inflammation() string {
	f := &c.panel.ferritin
	if f.shown == nil || f.low || !f.shown.dated {
		return ""
	}
	day := civilDayOf(f.shown.effective, c.Labs.zone)
	crp := c.Labs.newestUsable(labs.CRP, func(r *labReading) bool {
		gap := day - civilDayOf(r.effective, c.Labs.zone)
		return r.dated && !r.afloat && max(gap, -gap) <= int64(c.Settings.CRPDays) &&
			r.measure.Value.Cmp(c.Settings.CRPLimit) > 0 && !strings.HasPrefix(r.measure.Comparator, "<")
	})
	if crp == nil {
		return ""
	}
	return words.Say("iron.note.crp", "value", crp.measure.Text(), "date", crp.date(c.Labs.zone))
}

// bandNote says, if iron is not low, that at this ferritin only intravenous iron is expected to
// help an adult.
func (c *ironCase) bandNote() string {
	if c.panel.low() || c.panel.group != ironAdult || !c.inBand() {
		return ""
	}
	return words.Say(
		"iron.note.band",
		"low",
		c.Settings.FerritinLow.String(),
		"high",
		c.Settings.IVOnlyFerritin.String(),
	)
}
