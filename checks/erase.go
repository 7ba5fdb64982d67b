package checks

import "time"

// Erase gives the last word on every open flag of st, of which nothing will be kept. key is the
// site key. st is not changed.
func Erase(st *State, key []byte, ruleset string, asOf time.Time) []Flag {
	d := differ{st: st, key: key, ruleset: ruleset, asOf: asOf}
	for _, kept := range st.Flags {
		if kept.Severity != None {
			kept.Implicated = nil
			d.resolve(kept, ReasonErased)
		}
	}
	return d.out
}
