package fhir

import "github.com/rlsguard/rlsguard/checks"

// effective reads effective[x]; a point in time is a period with a start only. unread tells that
// there is one and neither its start nor its end can be read.
func (d *decoder) effective(at *offsets) (p checks.Period, unread bool) {
	mark := d.mark()
	if at[nEffectiveDateTime] > 0 && at[nEffectivePeriod] > 0 {
		d.unread(int(max(at[nEffectiveDateTime], at[nEffectivePeriod])), "a second effective[x]")
		return p, true
	}
	if v := at[nEffectiveDateTime]; v > 0 {
		p.Start = d.dateTime(int(v))
	}
	if v := at[nEffectiveInstant]; v > 0 {
		p.Start = d.instant(int(v))
	}
	if v := at[nEffectivePeriod]; v > 0 {
		p = d.period(int(v))
	}
	if v := at[nEffectiveTiming]; v > 0 && p == (checks.Period{}) {
		if p.Start = d.latestEvent(int(v)); len(d.gaps) > mark {
			p.Start = checks.Time{} // one of several that cannot be read may be the latest
		}
	}
	return p, len(d.gaps) > mark && p == (checks.Period{})
}

// latestEvent is the last of Timing.event of the Timing at v: of something that was measured
// several times, the newest measurement counts.
func (d *decoder) latestEvent(v int) (latest checks.Time) {
	o := d.object(v)
	for d.more(&o) {
		if o.name != nEvent {
			continue
		}
		d.items(o.v, func(v int) {
			if t := d.dateTime(v); latest.IsZero() || t.Nanos > latest.Nanos {
				latest = t
			}
		})
	}
	return latest
}
