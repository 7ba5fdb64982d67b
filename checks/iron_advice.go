package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/words"
)

// treatment says what iron can do for this patient (rules.md R3, R9, R11). If iron overload is on
// record, it advises against iron.
func (c *ironCase) treatment() string {
	f, t := &c.panel.ferritin, &c.panel.tsat
	band := []string{"low", c.Settings.FerritinLow.String(), "high", c.Settings.IVOnlyFerritin.String()}
	switch {
	case len(c.IronCaution) > 0:
		return words.Say("iron.advice.overload")
	case c.panel.group == ironDialysis:
		return words.Say("iron.advice.dialysis")
	case c.panel.group == ironChild:
		return words.Say("iron.advice.child")
	case f.low && t.shown != nil && t.state == analyteUsable &&
		t.shown.measure.Value.Cmp(c.Settings.OralCeilingTSAT) > 0:
		return words.Say("iron.advice.contradictory", "ceiling", c.Settings.OralCeilingTSAT.String())
	case f.low && c.replaced:
		return words.Say("iron.advice.replaced", "date", c.replacedSince.Date(c.Labs.zone))
	case f.low:
		cause := words.Say("iron.cause")
		if f.shown.measure.Value.Cmp(c.Settings.InvestigateFerritin) < 0 {
			cause = words.Say("iron.cause.all", "limit", c.Settings.InvestigateFerritin.String())
		}
		return words.Say("iron.advice.replace", "cause", cause)
	case f.shown == nil || f.state != analyteUsable:
		return words.Say("iron.advice.measure")
	case c.inBand():
		return words.Say("iron.advice.iv-only", band...)
	}
	return words.Say("iron.advice.refer", band...)
}

// caution says when intravenous iron has to wait.
func (c *ironCase) caution() string {
	switch {
	case len(c.IronCaution) > 0 || c.panel.group == ironChild || c.replaced:
		return ""
	case c.Pregnant:
		return words.Say("iron.advice.pregnant")
	case c.panel.group == ironDialysis, !c.panel.ferritin.low && c.inBand():
		return words.Say("iron.advice.infection")
	}
	return ""
}

// inBand reports whether ferritin is not low, but only intravenous iron is expected to help.
func (c *ironCase) inBand() bool {
	f := &c.panel.ferritin
	return f.state == analyteUsable && !f.low && f.shown.measure.Value.Cmp(c.Settings.IVOnlyFerritin) <= 0
}

// therapy says that iron is already ordered.
func (c *ironCase) therapy() string {
	var dates []string
	for _, o := range c.Orders {
		switch {
		case !o.Current:
		case o.Date.IsZero():
			dates = append(dates, words.Say("iron.ordered.undated"))
		default:
			dates = append(dates, words.Say("iron.ordered.on", "date", o.Date.Date(c.Labs.zone)))
		}
	}
	if len(dates) == 0 || c.replaced {
		return ""
	}
	return words.Say("iron.ordered", "dates", strings.Join(sortedUnique(dates), ", "))
}

// due says on which day a low value is, or was, to be repeated.
func (c *ironCase) due() string {
	r := c.newestLow()
	if r == nil || !r.dated || r.afloat || len(c.IronCaution) > 0 {
		return ""
	}
	due := c.dueDay(r)
	key := "iron.was-due"
	if start := civilStart(due, c.Labs.zone); start.After(c.Labs.asOf) {
		key = "iron.due"
		c.changesAt(start, ahead.RepeatDue, r.refs[0])
	}
	return words.Say(key, "date", civilDate(due))
}

func (c *ironCase) dueDay(r *labReading) int64 {
	return civilDayOf(r.effective, c.Labs.zone) + int64(c.Settings.ShortenedDays)
}

// newestLow is the low result drawn last; the repeat is counted from it.
func (c *ironCase) newestLow() *labReading {
	var newest *labReading
	for _, a := range c.analytes() {
		if a.res.low && (newest == nil || compareNewest(a.res.shown, newest) < 0) {
			newest = a.res.shown
		}
	}
	return newest
}

// replacing reports whether iron is being replaced: by a real exposure to oral iron, or an
// infusion, that began after the newest low value was drawn. It ends when the repeat is due.
func (c *ironCase) replacing() bool {
	r := c.newestLow()
	if r == nil || !r.dated || r.afloat {
		return false
	}
	due := civilStart(c.dueDay(r), c.Labs.zone)
	if !due.After(c.Labs.asOf) {
		return false
	}
	for _, o := range c.Orders {
		earlier := c.replacedSince.IsZero() || o.Date.Start(c.Labs.zone).Before(c.replacedSince.Start(c.Labs.zone))
		if o.Replaces && c.after(o.Date, r) && earlier {
			c.replacedSince = o.Date
		}
	}
	if c.replacedSince.IsZero() {
		return false
	}
	c.changesAt(due, ahead.RepeatDue, r.refs[0])
	return true
}

// after reports whether an order is later than a draw. On the same day it is, unless both have a
// time of day that says otherwise.
func (c *ironCase) after(order moment.Time, r *labReading) bool {
	if order.IsZero() {
		return false
	}
	if order.Precision >= moment.ToInstant && r.effective.Precision >= moment.ToInstant {
		return !order.Start(c.Labs.zone).Before(r.at)
	}
	return civilDayOf(order, c.Labs.zone) >= lastDayOf(r.effective, c.Labs.zone)
}

// complete asks for whichever analyte has no usable result.
func (c *ironCase) complete() string {
	for _, a := range c.analytes() {
		if a.res.state != analyteUsable {
			return words.Say("iron.complete", "analyte", a.name)
		}
	}
	return ""
}

// fill asks for what is missing; a pending result is not ordered again.
func (c *ironCase) fill() string {
	if min(c.panel.ferritin.state, c.panel.tsat.state) == analytePending {
		return words.Say("iron.wait")
	}
	return joinSentences(words.Say("iron.order"), words.Say("iron.sampling"))
}

func sortedUnique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func joinRefs(groups ...[]facts.Ref) []facts.Ref {
	all := slices.Concat(groups...)
	slices.Sort(all)
	return slices.Compact(all)
}
