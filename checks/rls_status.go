package checks

import "time"

// RLS is how restless legs syndrome counts in a patient at asOf.
func RLS(st *State, set *Settings, asOf time.Time) RLSStatus {
	return evaluate(st, set, asOf, false).rls.status
}
