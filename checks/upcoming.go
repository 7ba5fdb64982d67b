package checks

import (
	"cmp"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// upcoming is the earliest of several instants, and everything that happens then.
type upcoming struct {
	at     time.Time // zero if there is none
	causes []ahead.Cause
}

// add takes in an instant; zero is none.
func (u *upcoming) add(t time.Time, why ahead.Kind, ref facts.Ref) {
	switch {
	case t.IsZero() || !u.at.IsZero() && t.After(u.at):
		return
	case u.at.IsZero() || t.Before(u.at):
		u.at, u.causes = t, u.causes[:0]
	}
	u.causes = append(u.causes, ahead.Cause{Kind: why, Ref: ref})
}

func (u *upcoming) join(v *upcoming) {
	for _, c := range v.causes {
		u.add(v.at, c.Kind, c.Ref)
	}
}

// all are the causes, sorted and without duplicates, since facts come in any order.
func (u *upcoming) all() []ahead.Cause {
	slices.SortFunc(u.causes, func(a, b ahead.Cause) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Ref, b.Ref))
	})
	return slices.Compact(u.causes)
}

// later reports whether t is after the as-of time; if so, it records t as an instant at which time
// alone may change the answer, because of why and ref.
func (ev *evaluation) later(t time.Time, why ahead.Kind, ref facts.Ref) bool {
	if !t.After(ev.asOf) {
		return false
	}
	ev.next.add(t, why, ref)
	return true
}

// refOf is the reference of a Condition if later would record the instant. Few would be, so it is
// looked up only then.
func (ev *evaluation) refOf(c *facts.Condition, t time.Time) facts.Ref {
	if !t.After(ev.asOf) || !ev.next.at.IsZero() && t.After(ev.next.at) {
		return ""
	}
	for i := range ev.st.Facts {
		if ev.st.Facts[i].Condition == c {
			return ev.st.Facts[i].Ref
		}
	}
	return ""
}
