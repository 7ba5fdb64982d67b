package checks

import (
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
)

// drift schedules the moments at which an afloat result overtakes others: being as late as the
// as-of time, it becomes newer than another, then of a later day, then of another draw.
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

// ahead schedules the moments after the as-of time at which r may be read differently.
func (b *labBook) ahead(r *labReading, why ahead.Kind) {
	nextDay := civilStart(civilDayOf(r.effective, b.zone)+1, b.zone)
	for _, at := range []time.Time{r.at.Add(1), nextDay, r.at.Add(sameDrawWithin + 1)} {
		if at.After(b.asOf) {
			b.next.add(at, why, r.refs[0])
		}
	}
}
