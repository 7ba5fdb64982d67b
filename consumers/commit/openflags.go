package commit

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/health"
)

// openFlags counts the open flags by check and severity, for the metrics. Most patients have none
// and cost nothing.
type openFlags struct {
	bySlot map[uint32][]health.FlagKind
	counts map[health.FlagKind]int
}

func (o *openFlags) set(slot uint32, st *checks.State) {
	if o.counts == nil {
		o.bySlot, o.counts = map[uint32][]health.FlagKind{}, map[health.FlagKind]int{}
	}
	var now []health.FlagKind
	for i := range st.Flags {
		if f := &st.Flags[i]; f.Severity != checks.None {
			now = append(now, health.FlagKind{Check: f.Check, Severity: f.Severity})
		}
	}
	old := o.bySlot[slot]
	if slices.Equal(old, now) {
		return
	}
	for _, k := range old {
		o.counts[k]--
	}
	for _, k := range now {
		o.counts[k]++
	}
	if now == nil {
		delete(o.bySlot, slot)
	} else {
		o.bySlot[slot] = now
	}
}

// Counts implements Counted.
func (c *WorkingCopy) Counts(do func(health.Counts)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	do(health.Counts{Patients: len(c.patients.rows) - c.patients.gone, Open: c.open.counts, Cut: c.cut.byKind()})
}
