package moment

import (
	"time"
)

// Precision says how much of a FHIR date was given.
type Precision uint8

// Precisions of FHIR date, dateTime and instant.
const (
	NoTime     Precision = iota // absent
	ToYear                      // 2026
	ToMonth                     // 2026-11
	ToDay                       // 2026-11-23
	ToInstant                   // with time of day and offset
	WithoutOff                  // with time of day but no offset: wall clock of the configured zone
)

// Time is a FHIR date, dateTime or instant as precisely as given
// (hl7.org/fhir/R4/datatypes.html#dateTime). For ToInstant, Nanos are Unix nanoseconds; for all
// other precisions they are the wall clock read as UTC, which the zone of the settings turns into
// an instant.
type Time struct {
	Nanos     int64
	Precision Precision
}

// IsZero reports whether no time was given.
func (t Time) IsZero() bool { return t.Precision == NoTime }

// Start is the first instant t can mean in zone.
func (t Time) Start(zone *time.Location) time.Time {
	if t.Precision == ToInstant {
		return time.Unix(0, t.Nanos).UTC()
	}
	w := time.Unix(0, t.Nanos).UTC()
	return time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond(), zone)
}

// End is the instant at which t is over in zone: a date lasts to the end of its day, a month to its
// last day, a year to 31 December; an instant is over at once.
func (t Time) End(zone *time.Location) time.Time {
	w := time.Unix(0, t.Nanos).UTC()
	switch t.Precision {
	case ToYear:
		return time.Date(w.Year()+1, 1, 1, 0, 0, 0, 0, zone)
	case ToMonth:
		return time.Date(w.Year(), w.Month()+1, 1, 0, 0, 0, 0, zone)
	case ToDay:
		return time.Date(w.Year(), w.Month(), w.Day()+1, 0, 0, 0, 0, zone)
	default:
		return t.Start(zone)
	}
}

// Date writes t for a reader, as a calendar date in zone, as precisely as known.
func (t Time) Date(zone *time.Location) string {
	switch t.Precision {
	case NoTime:
		return ""
	case ToYear:
		return t.Start(zone).Format("2006")
	case ToMonth:
		return t.Start(zone).Format("2006-01")
	default:
		return t.Start(zone).In(zone).Format(time.DateOnly)
	}
}

// Instant converts an instant to a Time.
func Instant(t time.Time) Time { return Time{Nanos: t.UnixNano(), Precision: ToInstant} }
