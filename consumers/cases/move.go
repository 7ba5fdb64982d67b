package cases

import (
	"bytes"
	"encoding/json"
	"regexp"
	"time"
)

// Moved is a service that decides as of now, and is asked about the past as if it were today: every
// date of a question is shifted by the days from the as-of time of its case to Now. Dates to the
// year or month stay.
type Moved struct {
	Service
	Now time.Time
}

// days from the as-of time of a case, rounded so that nothing shifted lies ahead of the clock.
func (m Moved) days(asOf time.Time) int { return int(m.Now.Sub(asOf).Hours()) / 24 }

// fullDate is a FHIR date, dateTime or instant exact to the day at least.
var fullDate = regexp.MustCompile(`^\d{4}-\d\d-\d\d(T\d\d:\d\d|$)`)

// moveDates shifts every date in a resource by days.
func moveDates(raw json.RawMessage, days int) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return raw
	}
	out, err := json.Marshal(movedValue(v, days))
	if err != nil {
		return raw
	}
	return out
}

func movedValue(v any, days int) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			v[name] = movedValue(value, days)
		}
	case []any:
		for i := range v {
			v[i] = movedValue(v[i], days)
		}
	case string:
		if !fullDate.MatchString(v) {
			return v
		}
		const day = len(time.DateOnly)
		if t, err := time.Parse(time.DateOnly, v[:day]); err == nil {
			return t.AddDate(0, 0, days).Format(time.DateOnly) + v[day:]
		}
	}
	return v
}
