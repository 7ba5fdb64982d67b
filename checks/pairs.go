package checks

import (
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/silence"
)

// pairing is the outcome for two groups of drugs taken together.
type pairing struct {
	severity  Severity
	partners  []string // names, sorted
	refs      []facts.Ref
	onlyDraft bool // every combination is of two drafts
	notes     []string
}

// partner is an exposure beside a drug, with the severity of the pair before the orders are
// considered.
type partner struct {
	*exposure
	own Severity
}

// pair is the outcome for the orders of one drug with their partners, of which at least one must be
// a real exposure. severity is that of the pair before the orders are considered, None for a drug
// that is no partner, such as the drug itself.
func (ev *evaluation) pair(group []*exposure, severity func(*exposure) Severity) pairing {
	var partners []partner
	for i := range ev.exposures {
		b := &ev.exposures[i]
		if s := severity(b); s != None {
			partners = append(partners, partner{b, s})
		}
	}
	if len(partners) == 0 {
		return pairing{}
	}
	p := pairing{refs: make([]facts.Ref, 0, len(group)+len(partners))}
	for _, a := range group {
		p.refs = append(p.refs, a.ref)
	}
	for _, b := range partners {
		p.refs = append(p.refs, b.ref)
	}
	for _, a := range alikeOnce(group) {
		p.beside(a, partners)
	}
	slices.Sort(p.partners)
	p.onlyDraft = p.severity == None
	return p
}

// alikeOnce keeps one order of each kind that weighs differently in a pair, so that thousands of
// orders cost no more than their number.
func alikeOnce(group []*exposure) []*exposure {
	type weight struct {
		draft, old bool
		ceiling    Severity
	}
	seen := map[weight]bool{}
	var first []*exposure
	for _, x := range group {
		w := weight{x.draft, x.old, x.ceiling}
		if !seen[w] {
			seen[w] = true
			first = append(first, x)
		}
	}
	return first
}

// beside weighs one order of the drug with all its partners.
func (p *pairing) beside(a *exposure, partners []partner) {
	for _, b := range partners {
		if a.draft && b.draft {
			continue
		}
		p.severity = max(p.severity, pairSeverity(b.own, a, b.exposure))
		if !slices.Contains(p.partners, b.Name) {
			p.partners = append(p.partners, b.Name)
		}
		p.notes = append(p.notes, b.pairNotes()...)
	}
}

// pairSeverity caps the severity of a pair by status, intent and certainty of both halves, and by
// age only if both are old. As needed and short courses do not lower it: one dose is enough.
func pairSeverity(s Severity, a, b *exposure) Severity {
	s = min(s, a.ceiling, b.ceiling)
	if a.old && b.old {
		return min(s, Low)
	}
	return s
}

// everTaken reports whether an order is, or once was, more than a plan: the patient has or had the
// drug.
func (o *orderView) everTaken() bool {
	if o.DoNotPerform || o.Intent != facts.IntentOrder || o.draft {
		return false
	}
	switch o.Status {
	case facts.StatusDraft, facts.StatusCancelled, facts.StatusNotTaken:
		return false
	}
	return o.silence != silence.NotYet && o.silence != silence.NotSystemic
}

// firstDay is the day the first of the orders accepted by want was written, with partial dates read
// by dayOf; ok is false if none has a date.
func (ev *evaluation) firstDay(
	want func(*orderView) bool,
	dayOf func(moment.Time, *time.Location) int64,
) (day int64, ok bool) {
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

// within reports whether a day was at most days ago, and schedules the day on which it no longer
// is.
func (ev *evaluation) within(day int64, days int, why ahead.Kind) bool {
	return ev.later(civilStart(day+int64(days)+1, ev.zone), why, "")
}
