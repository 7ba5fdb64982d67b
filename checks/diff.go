package checks

import "time"

// Decide evaluates st at asOf, brings st.Flags up to date and returns the transitions, in order of check and ingredient; a
// flag that moves to another severity gives two (moved, then updated). key is the site key, ruleset the hash of tables, rules and settings.
func Decide(st *State, set *Settings, key []byte, ruleset string, asOf time.Time) []Flag { return nil }

// OpenFlags are the flags of st that are open at asOf, sorted by check and ingredient, as Decide last left them.
func OpenFlags(st *State, set *Settings, key []byte, ruleset string, asOf time.Time) []Flag {
	return nil
}
