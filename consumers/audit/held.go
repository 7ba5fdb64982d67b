package audit

import "time"

// KeepBoth is how long an entry stays in RLS after it was copied, so that whoever reads RLS_AUDIT to
// its end, and then RLS, finds it in one of them. Tests have less patience.
var KeepBoth = 10 * time.Second

// Verdict is what is known of the first entries of RLS.
type Verdict struct {
	// Purge counts those, from the first one on, that RLS no longer needs.
	Purge int
	// PassedOver: the copying is behind the first of the others, and does not have it.
	PassedOver bool
}

// Judge compares entries of RLS with the copies that RLS_AUDIT has stored since, both in the order
// of their stream. An entry may go when a copy of it says the same, word for word, and is older than
// KeepBoth: where the copying is counts for nothing, since a RLS that lost its end, or was made
// anew, gives the same sequences again.
func Judge(entries, copies []Entry, now time.Time) Verdict {
	at := make(map[uint64]time.Time, len(copies))
	reached := uint64(0)
	for i := range copies {
		at[copies[i].Sum()] = copies[i].Stored
		reached = copies[i].Committed
	}
	var v Verdict
	for i := range entries {
		stored, ok := at[entries[i].Sum()]
		if !ok {
			v.PassedOver = reached >= entries[i].Committed
			break
		}
		if now.Sub(stored) < KeepBoth {
			break
		}
		v.Purge++
	}
	return v
}
