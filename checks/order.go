package checks

import (
	"strconv"
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/checks/words"
)

// orderView is one order as of an instant: whether it counts, how strongly, and for which drugs
// (contract "An order counts", rules.md R14).
type orderView struct {
	*facts.Order
	ref     facts.Ref
	version facts.Version
	unread  unread.Parts
	counts  bool
	draft   bool     // being written, intended, or not yet started
	stepped bool     // as needed, or a short course: one step lower
	ceiling Severity // by status and intent
	notes   []string // for the reader: status unknown, a proposal, as needed, ...
	silence silence.Reason
	detail  string
	start   time.Time   // authored, if known
	end     moment.Time // when it was stopped or ended, for tail exposure
	drug    drugView
}

func (ev *evaluation) readOrders() {
	n := 0
	for i := range ev.st.Facts {
		if ev.st.Facts[i].Kind == facts.KindOrder {
			n++
		}
	}
	ev.orders = make([]orderView, 0, n)
	for i := range ev.st.Facts {
		f := &ev.st.Facts[i]
		if f.Kind != facts.KindOrder {
			continue
		}
		o := orderView{Order: f.Order, ref: f.Ref, version: f.Version, unread: f.Unread, ceiling: High}
		if !o.Authored.IsZero() {
			o.start = o.Authored.Start(ev.zone)
		}
		ev.weighOrder(&o)
		ev.orders = append(ev.orders, o)
	}
}

// mute says why an order does not count.
func (o *orderView) mute(why silence.Reason, detail string) {
	o.counts, o.silence, o.detail = false, why, detail
}

func (ev *evaluation) weighOrder(o *orderView) {
	switch {
	case o.DoNotPerform:
		o.mute(silence.DoNotPerform, "")
		return
	case o.Intent == facts.IntentOption:
		o.mute(silence.Option, "")
		return
	case !o.start.IsZero() && ev.later(o.start, ahead.OrderCounts, o.ref) &&
		!(o.Kind == facts.Statement && o.Status == facts.StatusDraft):
		o.mute(silence.NotYet, "dated "+o.Authored.Date(ev.zone))
		return
	}
	o.counts = true
	o.noteUnread()
	ev.weighStatus(o)
	if !o.counts {
		return
	}
	ev.weighIntent(o)
	if o.silence != silence.Tail {
		ev.weighDosages(o)
	}
}

// weighStatus decides by status; a stopped order may leave a tail, which readExposures works out
// per drug.
func (ev *evaluation) weighStatus(o *orderView) {
	switch o.Status {
	case facts.StatusActive, facts.StatusInProgress:
		if o.Kind == facts.Dispense {
			ev.weighSupply(o, true)
		}
	case facts.StatusDraft:
		o.draft = true
	case facts.StatusUnknown:
		o.ceiling = min(o.ceiling, Moderate)
		if o.unread&unread.Status == 0 {
			o.notes = append(o.notes, words.Say("order.unknown-status"))
		}
		if o.Kind == facts.Dispense {
			ev.weighSupply(o, true)
		}
	case facts.StatusCompleted:
		ev.weighSupply(o, false)
	case facts.StatusStopped:
		o.end = ev.stopped(o)
		o.silence = silence.Tail
	case facts.StatusOnHold:
		o.mute(silence.OnHold, "")
	case facts.StatusCancelled:
		o.mute(silence.Cancelled, "")
	case facts.StatusNotTaken:
		o.mute(silence.NotTaken, "")
	}
}

func (ev *evaluation) weighIntent(o *orderView) {
	if o.Intent == facts.IntentProposal || o.Intent == facts.IntentPlan {
		o.ceiling = min(o.ceiling, Low)
		o.notes = append(o.notes, words.Say("order.proposal"))
	}
	if o.draft {
		o.notes = append(o.notes, words.Say("order.draft"))
	}
}

// stopped is when a stopped order ended: the earlier of the end of its dosages and the time of the
// version that says so; if neither is known, the day it was written.
func (ev *evaluation) stopped(o *orderView) moment.Time {
	end := o.Effective.End
	for i := range o.Dosages {
		if b := o.Dosages[i].Bounds.End; !b.IsZero() && (end.IsZero() || b.End(ev.zone).After(end.End(ev.zone))) {
			end = b
		}
	}
	if o.version.Updated != 0 {
		if said := moment.Instant(time.Unix(0, o.version.Updated)); end.IsZero() ||
			said.Start(ev.zone).Before(end.End(ev.zone)) {
			end = said
		}
	}
	if end.IsZero() {
		return o.Authored
	}
	return end
}

// weighDosages looks at the dosages: over, not yet begun, as needed, a short course.
func (ev *evaluation) weighDosages(o *orderView) {
	periods := make([]facts.Period, 0, len(o.Dosages)+1)
	asNeeded := len(o.Dosages) > 0
	for i := range o.Dosages {
		periods = append(periods, o.Dosages[i].Bounds)
		asNeeded = asNeeded && o.Dosages[i].AsNeeded
	}
	if o.Kind == facts.Statement && !o.Effective.End.IsZero() {
		periods = append(periods[:0], facts.Period{End: o.Effective.End})
	}
	if over, last := ev.allOver(o, periods); over {
		o.mute(silence.Ended, last)
		return
	}
	if ev.allAhead(o, periods) && !o.draft {
		o.draft = true
		o.notes = append(o.notes, words.Say("order.not-started"))
	}
	if asNeeded {
		o.stepped = true
		o.notes = append(o.notes, words.Say("order.as-needed"))
	} else if ev.shortCourse(o) {
		o.stepped = true
		o.notes = append(o.notes, words.Say("order.short"))
	}
}

// allOver reports whether every period has ended, and when the last one did.
func (ev *evaluation) allOver(o *orderView, periods []facts.Period) (bool, string) {
	var last moment.Time
	over := len(periods) > 0
	for _, p := range periods {
		if p.End.IsZero() || ev.later(p.End.End(ev.zone), ahead.OrderEnds, o.ref) {
			over = false
			continue
		}
		if last.IsZero() || p.End.End(ev.zone).After(last.End(ev.zone)) {
			last = p.End
		}
	}
	return over, last.Date(ev.zone)
}

// allAhead reports whether every period that is not over is yet to begin.
func (ev *evaluation) allAhead(o *orderView, periods []facts.Period) bool {
	later := false
	for _, p := range periods {
		switch {
		case !p.End.IsZero() && !ev.later(p.End.End(ev.zone), ahead.OrderEnds, o.ref):
		case !p.Start.IsZero() && ev.later(p.Start.Start(ev.zone), ahead.OrderCounts, o.ref):
			later = true
		default:
			return false
		}
	}
	return later
}

// shortCourse reports whether all dosages together, or the supply, last no longer than the setting.
func (ev *evaluation) shortCourse(o *orderView) bool {
	limit := ev.set.Orders.ShortCourseDays
	if days, err := number(o.SupplyDays); err == nil && days > 0 && days*float64(o.Repeats+1) <= float64(limit) {
		return true
	}
	var first, last time.Time
	for i := range o.Dosages {
		d := &o.Dosages[i]
		if length, ok := boundsDays(d); ok {
			if length > float64(limit) {
				return false
			}
			continue
		}
		if d.Bounds.Start.IsZero() || d.Bounds.End.IsZero() {
			return false
		}
		start, end := d.Bounds.Start.Start(ev.zone), d.Bounds.End.End(ev.zone)
		if first.IsZero() || start.Before(first) {
			first = start
		}
		if end.After(last) {
			last = end
		}
	}
	return len(o.Dosages) > 0 && (first.IsZero() || !last.After(first.AddDate(0, 0, limit)))
}

// number parses a decimal. Most are absent, and a fresh error for each would cost more than all
// other work on an order.
func number(s string) (float64, error) {
	if s == "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64)
}

// boundsDays is how long a dosage lasts in days, by its boundsDuration or a count of doses.
func boundsDays(d *facts.Dosage) (float64, bool) {
	if d.BoundsLength.Value != "" {
		text, ok := LengthInDays(&d.BoundsLength, false)
		days, err := number(text)
		return days, ok && err == nil
	}
	t := &d.Timing
	if t.Count == 1 || t.Events == 1 && t.Frequency == 0 {
		return 0, true
	}
	period, ok := periodLength(t)
	return float64(t.Count-1) / float64(max(t.Frequency, 1)) * period, ok && t.Count > 0
}

func periodLength(t *facts.Timing) (float64, bool) {
	text, ok := LengthInDays(&facts.Quantity{Value: t.Period, Code: t.PeriodUnit}, false)
	days, err := number(text)
	return days, ok && err == nil
}

func anyUnit(q *facts.Quantity) string {
	if q.Code != "" {
		return q.Code
	}
	return q.Unit
}
