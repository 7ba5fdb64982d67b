package fhir

import (
	"bytes"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

// effective reads effective[x]; a point in time becomes a period with only a start. unread reports
// that it is present but neither start nor end can be read.
func (d *decoder) effective(at *offsets) (p facts.Period, unread bool) {
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
	if v := at[nEffectiveTiming]; v > 0 && p == (facts.Period{}) {
		if p.Start = d.latestEvent(int(v)); len(d.gaps) > mark {
			p.Start = moment.Time{} // an unreadable one of several may be the latest
		}
	}
	return p, len(d.gaps) > mark && p == (facts.Period{})
}

// latestEvent is the last Timing.event of the Timing at v: of repeated measurements, the newest
// counts.
func (d *decoder) latestEvent(v int) (latest moment.Time) {
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

// dateTime reads the FHIR date or dateTime at v (hl7.org/fhir/R4/datatypes.html#dateTime). A time
// of day without offset, which FHIR forbids but senders write, is accepted and marked as such.
func (d *decoder) dateTime(v int) moment.Time {
	if d.b[v] != '"' {
		d.wrong(v, "a string")
		return moment.Time{}
	}
	t, ok := datetime.ParseBytes(bytes.TrimSpace(d.text(v)))
	if !ok {
		d.unread(v, "not a FHIR date or dateTime")
	}
	return t
}

// instant reads the FHIR instant at v: a date with time and offset.
func (d *decoder) instant(v int) moment.Time {
	if d.b[v] != '"' {
		d.wrong(v, "a string")
		return moment.Time{}
	}
	t, ok := datetime.ParseBytes(bytes.TrimSpace(d.text(v)))
	if !ok || t.Precision != moment.ToInstant {
		d.unread(v, "not a FHIR instant")
		return moment.Time{}
	}
	return t
}
