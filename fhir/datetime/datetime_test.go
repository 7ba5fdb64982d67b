package datetime

import (
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/moment"
)

func TestTimes(t *testing.T) {
	day := func(y int, m time.Month, d, h, min, s, ns int) int64 {
		return time.Date(y, m, d, h, min, s, ns, time.UTC).UnixNano()
	}
	cases := []struct {
		text string
		want moment.Time
	}{
		{"2026", moment.Time{Nanos: day(2026, 1, 1, 0, 0, 0, 0), Precision: moment.ToYear}},
		{"2026-11", moment.Time{Nanos: day(2026, 11, 1, 0, 0, 0, 0), Precision: moment.ToMonth}},
		{"2024-02-29", moment.Time{Nanos: day(2024, 2, 29, 0, 0, 0, 0), Precision: moment.ToDay}},
		{"1900-01-01", moment.Time{Nanos: day(1900, 1, 1, 0, 0, 0, 0), Precision: moment.ToDay}},
		{"2026-11-23T08:09:10Z", moment.Time{Nanos: day(2026, 11, 23, 8, 9, 10, 0), Precision: moment.ToInstant}},
		{
			"2026-11-23T08:09:10.5-03:30",
			moment.Time{Nanos: day(2026, 11, 23, 11, 39, 10, 5e8), Precision: moment.ToInstant},
		},
		{
			"2026-11-23T08:09:10.123456789123+14:00",
			moment.Time{Nanos: day(2026, 11, 22, 18, 9, 10, 123456789), Precision: moment.ToInstant},
		},
		{"2016-12-31T23:59:60Z", moment.Time{Nanos: day(2017, 1, 1, 0, 0, 0, 0), Precision: moment.ToInstant}},
		{"2026-11-23T08:09:10", moment.Time{Nanos: day(2026, 11, 23, 8, 9, 10, 0), Precision: moment.WithoutOff}},
	}
	for _, c := range cases {
		if got, ok := ParseBytes([]byte(c.text)); !ok || got != c.want {
			t.Errorf("%s: %+v %t, want %+v", c.text, got, ok, c.want)
		}
	}
	for _, bad := range []string{"", "26", "0000", "2026-", "2026-00", "2026-13", "2026-1", "2026-01-00", "2026-02-30",
		"2025-02-29", "1900-02-29", "2026-04-31", "2026-01-1", "20260101",
		"2026-01-01T", "2026-01-01T10", "2026-01-01T10:00", "2026-01-01T10:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T10:60:00Z", "2026-01-01T10:00:61Z", "2026-01-01T10:00:00.Z",
		"2026-01-01T10:00:00+1:00", "2026-01-01T10:00:00+15:00", "2026-01-01T10:00:00+14:30",
		"2026-01-01T10:00:00+0100", "2026-01-01 10:00:00Z", "2026-01-01t10:00:00z",
		" 2026", "2026 ", "2026-01-01T10:00:00Zx", "２０２６"} {
		if got, ok := ParseBytes([]byte(bad)); ok {
			t.Errorf("%q was taken as %+v", bad, got)
		}
	}
	for _, far := range []string{"9999-12-31", "0001-01-01T00:00:00Z", "2262-12-31", "1600"} {
		got, ok := ParseBytes([]byte(far))
		if !ok || (got.Nanos < 0) != (far < "1970") {
			t.Errorf("%s: %+v", far, got)
		}
	}
}

// FuzzTime compares ParseBytes with the time package: they agree on instants and dates.
func FuzzTime(f *testing.F) {
	for _, s := range []string{"2026", "2026-11", "2026-11-23", "2026-11-23T08:09:10Z", "2026-11-23T08:09:10.25+05:30",
		"2016-12-31T23:59:60Z", "9999-12-31"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseBytes([]byte(s))
		layout := map[moment.Precision]string{
			moment.ToYear:     "2006",
			moment.ToMonth:    "2006-01",
			moment.ToDay:      time.DateOnly,
			moment.ToInstant:  time.RFC3339Nano,
			moment.WithoutOff: "2006-01-02T15:04:05.999999999",
		}
		if !ok {
			for _, l := range []string{layout[moment.ToDay], layout[moment.ToMonth]} {
				if want, err := time.Parse(l, s); err == nil && want.Year() > 0 {
					t.Fatalf("%q was refused", s)
				}
			}
			return
		}
		want, err := time.Parse(layout[got.Precision], s)
		if err != nil {
			if len(s) > 18 && s[17:19] == "60" {
				return // a leap second, unknown to the time package
			}
			t.Fatalf("%q was taken as %+v: %v", s, got, err)
		}
		if want.Year() > 1677 && want.Year() < 2262 && want.UnixNano() != got.Nanos {
			t.Fatalf("%q: %d, want %d", s, got.Nanos, want.UnixNano())
		}
	})
}
