package fhir

import "github.com/rlsguard/rlsguard/checks"

// effective reads effective[x]; a point in time is a period with a start only.
func (d *decoder) effective() (p checks.Period) {
	at := &d.at
	if at[nEffectiveDateTime] > 0 && at[nEffectivePeriod] > 0 {
		d.invalid(int(at[nEffectivePeriod]), "a second effective[x]")
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
		p.Start = d.latestEvent(int(v))
	}
	return p
}

// latestEvent is the last of Timing.event of the Timing at v: of something that was measured several times, the newest measurement counts.
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
