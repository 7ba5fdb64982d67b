package checks

import (
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
)

// drift notes when results that are afloat leave others behind: they are as late as the as-of time,
// so they are newer than another result as soon as its time is past, of a later day from the next
// calendar day on, and of another draw from a day later on.
func (b *labBook) drift() {
	afloat := false
	for _, list := range b.readings {
		for i := range list {
			afloat = afloat || list[i].afloat
		}
	}
	if !afloat {
		return
	}
	for _, list := range b.readings {
		for i := range list {
			if r := &list[i]; r.dated && !r.afloat {
				b.ahead(r, ahead.DrawsPart)
			}
		}
	}
}

// ahead notes what of a result lies ahead of the as-of time.
func (b *labBook) ahead(r *labReading, why ahead.Kind) {
	nextDay := civilStart(civilDayOf(r.effective, b.zone)+1, b.zone)
	for _, at := range []time.Time{r.at.Add(1), nextDay, r.at.Add(sameDrawWithin + 1)} {
		if at.After(b.asOf) {
			b.next.add(at, why, r.refs[0])
		}
	}
}
