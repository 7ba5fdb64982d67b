package settings

import (
	"fmt"
	"time"
)

// ParseAsOf reads --as-of: an RFC 3339 time, or a date, which stands for its last second in zone,
// so that everything dated on that day counts. "" is now.
func ParseAsOf(text string, zone *time.Location, now time.Time) (time.Time, error) {
	if text == "" {
		return now.UTC().Truncate(time.Second), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	d, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf(
			"--as-of: %q is neither a date (2026-11-23) nor a time with offset (2026-11-23T08:00:00Z)",
			text,
		)
	}
	return time.Date(d.Year(), d.Month(), d.Day()+1, 0, 0, -1, 0, zone).UTC(), nil
}
