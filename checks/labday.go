package checks

import (
	"time"

	"github.com/rlsguard/rlsguard/checks/moment"
)

// civilDay numbers the calendar day of an instant in a zone. Ages in days are differences of these,
// so neither the hour of a draw nor daylight saving time moves a limit.
func civilDay(t time.Time, zone *time.Location) int64 {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86_400
}

// civilDayOf is the calendar day of a FHIR time, by its own wall clock if it has no offset.
func civilDayOf(t moment.Time, zone *time.Location) int64 {
	if t.Precision == moment.ToInstant {
		return civilDay(time.Unix(0, t.Nanos), zone)
	}
	return civilDay(time.Unix(0, t.Nanos), time.UTC)
}

// civilStart is the first instant of a numbered day in a zone; later than midnight where clocks
// skip it.
func civilStart(day int64, zone *time.Location) time.Time {
	y, m, d := time.Unix(day*86_400, 0).UTC().Date()
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	for civilDay(t, zone) < day {
		t = t.Add(15 * time.Minute)
	}
	return t
}

// birthdays are the earliest and latest instants at which somebody reaches an age, as far as the
// birth date is known. A birth on 29 February counts from 1 March in a common year.
func birthdays(birth moment.Time, years int, zone *time.Location) (first, last time.Time) {
	w := time.Unix(0, birth.Nanos).UTC()
	if birth.Precision == moment.ToInstant {
		w = w.In(zone)
	}
	y, m, d := w.Date()
	lastMonth, lastDay := m, d
	switch birth.Precision {
	case moment.ToYear:
		m, d, lastMonth, lastDay = time.January, 1, time.December, 31
	case moment.ToMonth:
		d, lastDay = 1, time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
	}
	at := func(month time.Month, day int) time.Time {
		return civilStart(time.Date(y+years, month, day, 0, 0, 0, 0, time.UTC).Unix()/86_400, zone)
	}
	return at(m, d), at(lastMonth, lastDay)
}

// lastDayOf is the last calendar day a FHIR time can mean; civilDayOf is the first.
func lastDayOf(t moment.Time, zone *time.Location) int64 {
	if t.Precision == moment.ToYear || t.Precision == moment.ToMonth {
		return civilDay(t.End(zone), zone) - 1
	}
	return civilDayOf(t, zone)
}
