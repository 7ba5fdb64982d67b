package checks

import "time"

// Evaluate says what has to be flagged for one patient at asOf, sorted by check and ingredient.
func Evaluate(st *State, set *Settings, asOf time.Time) []Finding { return nil }

// NextChange is the next instant after asOf at which time alone may change what Evaluate says; false when there is none.
func NextChange(st *State, set *Settings, asOf time.Time) (time.Time, bool) {
	return time.Time{}, false
}
