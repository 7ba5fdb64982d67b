package commit

import (
	"github.com/rlsguard/rlsguard/checks"
)

// cuts counts patients whose older facts were left out, for the metrics. Most patients cost
// nothing.
type cuts struct {
	bySlot map[uint32]checks.Cut
	counts map[checks.Cut]int
}

func (c *cuts) set(slot uint32, st *checks.State) {
	old := c.bySlot[slot]
	if old == st.Cut {
		return
	}
	if c.bySlot == nil {
		c.bySlot, c.counts = map[uint32]checks.Cut{}, map[checks.Cut]int{}
	}
	if c.counts[old]--; c.counts[old] <= 0 {
		delete(c.counts, old)
	}
	if c.bySlot[slot] = st.Cut; st.Cut == 0 {
		delete(c.bySlot, slot)
		return
	}
	c.counts[st.Cut]++
}

// byKind counts a patient for every kind of which something was left out.
func (c *cuts) byKind() map[string]int {
	n := map[string]int{}
	for _, kind := range checks.CutKinds() {
		n[kind] = 0
	}
	for cut, patients := range c.counts {
		for _, kind := range cut.Kinds() {
			n[kind] += patients
		}
	}
	return n
}
