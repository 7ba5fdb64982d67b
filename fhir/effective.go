package fhir

import (
	"bytes"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

// effective reads effective[x]; a point in time is a period with a start only. unread tells that
// there is one and neither its start nor its end can be read.
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
			p.Start = moment.Time{} // one of several that cannot be read may be the latest
		}
	}
	return p, len(d.gaps) > mark && p == (facts.Period{})
}

// latestEvent is the last of Timing.event of the Timing at v: of something that was measured
// several times, the newest measurement counts.
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
// of day without offset, which FHIR does not allow but senders write, is taken and marked as such.
func (d *decoder) dateTime(v int) moment.Time {
	if d.b[v] != '"' {
		d.wrong(v, "a string")
		return moment.Time{}
	}
	t, ok := datetime.ParseBytes(bytes.TrimSpace(d.text(v)))
	if !ok {
		d.unread(v, "no date or dateTime of FHIR")
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
		d.unread(v, "no instant of FHIR")
		return moment.Time{}
	}
	return t
}
