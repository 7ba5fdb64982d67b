package checks

import (
	"slices"
	"time"
)

// pairing is what two groups of drugs taken together come to.
type pairing struct {
	severity  Severity
	partners  []string // names, sorted
	refs      []Ref
	onlyDraft bool // every combination is of two orders that are still being written
	notes     []string
}

// pair goes through all combinations of the orders of one drug with its partners; at least one half
// must be a real exposure. severity is that of the pair before anything about the orders, None when
// the other is no partner.
func (ev *evaluation) pair(group []*exposure, severity func(*exposure) Severity) pairing {
	var p pairing
	for _, a := range group {
		for i := range ev.exposures {
			b := &ev.exposures[i]
			s := severity(b)
			if s == None || b.orderView == a.orderView && b.Name == a.Name {
				continue
			}
			p.refs = append(p.refs, a.ref, b.ref)
			if a.draft && b.draft {
				continue
			}
			p.severity = max(p.severity, pairSeverity(s, a, b))
			if !slices.Contains(p.partners, b.Name) {
				p.partners = append(p.partners, b.Name)
			}
			p.notes = append(p.notes, b.pairNotes()...)
		}
	}
	slices.Sort(p.partners)
	p.onlyDraft = p.severity == None && len(p.refs) > 0
	return p
}

// pairSeverity caps the severity of a pair by status, intent and certainty of both halves, and by
// age only when both are old. As needed and short courses do not lower it: one dose is enough.
func pairSeverity(s Severity, a, b *exposure) Severity {
	s = min(s, a.ceiling, b.ceiling)
	if a.old && b.old {
		return min(s, Low)
	}
	return s
}

// everTaken tells whether an order is, or once was, more than a plan: the patient had the drug, or
// has it.
func (o *orderView) everTaken() bool {
	if o.DoNotPerform || o.Intent != IntentOrder || o.draft {
		return false
	}
	switch o.Status {
	case StatusDraft, StatusCancelled, StatusNotTaken:
		return false
	}
	return o.silence != SilentNotYet && o.silence != SilentNotSystemic
}

// firstDay is the day on which the first of the orders that want accepts was written, by the given
// reading of partial dates; ok is false when none of them has a date.
func (ev *evaluation) firstDay(want func(*orderView) bool, dayOf func(Time, *time.Location) int64) (day int64, ok bool) {
	for i := range ev.orders {
		o := &ev.orders[i]
		if o.Authored.IsZero() || !want(o) {
			continue
		}
		if d := dayOf(o.Authored, ev.zone); !ok || d < day {
			day, ok = d, true
		}
	}
	return day, ok
}

// within tells whether a day was at most so many days ago; the day on which it will not be any more
// is noted.
func (ev *evaluation) within(day int64, days int) bool {
	return ev.later(civilStart(day+int64(days)+1, ev.zone))
}
