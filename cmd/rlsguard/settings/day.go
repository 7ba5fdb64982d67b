package settings

import (
	"fmt"
	"time"
)

// ParseDay reads a date as the beginning of that day in a zone, or of one so many days later. "" is
// the zero time.
func ParseDay(text string, zone *time.Location, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a date, such as 2026-11-23", text)
	}
	if zone == nil {
		zone = time.UTC
	}
	return time.Date(d.Year(), d.Month(), d.Day()+later, 0, 0, 0, 0, zone), nil
}
