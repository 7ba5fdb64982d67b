package outcomes

import (
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// Reasons that can follow from a change named in clears. All others follow from no named change:
// time alone, a withdrawal, other rules, a death.
const (
	orderStopped   checks.Reason = "order-stopped"
	drugChanged    checks.Reason = "drug-changed"
	rlsRefuted     checks.Reason = "rls-refuted"
	contextChanged checks.Reason = "context-changed"
	superseded     checks.Reason = "superseded"
)

// named is what the clears of a flag's newest open transition named, by the reason with which the
// flag would then be resolved: the resolving transition gives a reason, but no change.
type named struct {
	order, lab, drug, rls bool
	// Reasons that follow from a named change, but from others too.
	maybeContext, maybeDrug, maybeSuperseded bool
	// tail: the named order end was of a drug that acts on for days, so the flag closes long after
	// the order ended, and nothing names that end any more.
	tail bool
	// fades is when time alone would close the flag; zero if never.
	fades time.Time
}

// by says how a flag was resolved for a reason.
func (n *named) by(reason checks.Reason, at time.Time) end {
	if reason == orderStopped {
		return how(n.order || n.tail, false)
	}
	if !n.fades.IsZero() && !at.Before(n.fades) {
		return otherwise
	}
	switch reason {
	case checks.ReasonLabArrived:
		return how(n.lab, false)
	case drugChanged:
		return how(n.drug, n.maybeDrug)
	case rlsRefuted:
		return how(n.rls, false)
	case contextChanged:
		return how(false, n.maybeContext)
	case superseded:
		return how(false, n.maybeSuperseded)
	}
	return otherwise
}

func how(sure, maybe bool) end {
	switch {
	case sure:
		return advised
	case maybe:
		return perhaps
	}
	return otherwise
}

// then is what is named after a transition that follows n.
func (n named) then(f *checks.Flag) named {
	now := named{tail: n.tail}
	for i := range f.Clears {
		now.add(&f.Clears[i], f)
	}
	if f.Next.To == ahead.Resolved {
		now.fades = f.Next.At.Start(time.UTC)
	}
	return now
}

func (n *named) add(c *clears.Change, f *checks.Flag) {
	switch c.Kind {
	case clears.Lab, clears.Unit:
		n.lab, n.maybeContext = true, true
		n.maybeSuperseded = n.maybeSuperseded || c.Wanted
	case clears.Medication:
		n.drug = true
	case clears.OrderEnd:
		n.maybeContext = true
		switch {
		case within(c.Targets, f.Implicated):
			n.order, n.tail = true, n.tail || c.Days > 0
		case within(c.Targets, f.Evidence):
			n.rls = true
		}
	case clears.Route:
		n.maybeDrug, n.maybeContext = true, true
	case clears.Diagnosis:
		n.rls, n.maybeContext = true, true
	default: // dose, reason
		n.maybeContext = true
	}
}

func within(targets, refs []facts.Ref) bool {
	return !slices.ContainsFunc(targets, func(ref facts.Ref) bool { return !slices.Contains(refs, ref) })
}
