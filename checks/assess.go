package checks

import (
	"time"
)

// assessment is the result of evaluating one patient once.
type assessment struct {
	Flags []Flag    // open, sorted by check and ingredient, numbered as Decide last left them
	Iron  IronNeed  // results the open iron flag asks for
	Note  string    // on iron, when no flag says it: only intravenous iron is expected to help at this ferritin
	RLS   RLSStatus // strength of the evidence for RLS
}

// Assess evaluates st at asOf without changing it.
func Assess(st *State, set *Settings, key []byte, ruleset string, asOf time.Time) assessment {
	ev := evaluate(st, set, asOf, false)
	d := differ{st: st, set: set, key: key, ruleset: ruleset, asOf: asOf}
	a := assessment{Flags: d.flags(ev.findings), RLS: ev.rls.status}
	for i := range a.Flags {
		for _, k := range st.Flags {
			if k.Check == a.Flags[i].Check && k.Ingredient == a.Flags[i].Ingredient {
				a.Flags[i].Number = k.Number
			}
		}
	}
	newCourse(st, set, key, ruleset, ev).foresee(foreseen(a.Flags))
	if ev.iron != nil {
		a.Note = ev.iron.Note
		if ev.iron.Check != "" {
			a.Iron = ev.iron.Need
		}
	}
	return a
}
