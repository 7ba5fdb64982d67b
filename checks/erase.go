package checks

import "time"

// Erase returns the last word on every open flag of st, which is about to be deleted. key is the
// site key. It does not change st.
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
