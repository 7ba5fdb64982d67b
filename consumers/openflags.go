package consumers

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks"
)

// openFlags counts the open flags by check and severity, for the metrics. Most patients have none and cost nothing.
type openFlags struct {
	bySlot map[uint32][]flagKind
	counts map[flagKind]int
}

type flagKind struct {
	check    string
	severity checks.Severity
}

func (o *openFlags) set(slot uint32, st *checks.State) {
	if o.counts == nil {
		o.bySlot, o.counts = map[uint32][]flagKind{}, map[flagKind]int{}
	}
	var now []flagKind
	for i := range st.Flags {
		if f := &st.Flags[i]; f.Severity != checks.None {
			now = append(now, flagKind{f.Check, f.Severity})
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
