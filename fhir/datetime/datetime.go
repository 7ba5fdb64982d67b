package datetime

import (
	"math"
	"time"

	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/fhir/scan"
)

// ParseBytes parses YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss[.f](Z|+hh:mm|-hh:mm). It
// rejects days not in the calendar. A leap second is the next second. Times that do not fit in 64
// bits of nanoseconds become the first or last that does.
func ParseBytes(s []byte) (moment.Time, bool) {
	year, ok := twoDigits(s, 0)
	low, ok2 := twoDigits(s, 2)
	year = year*100 + low
	if !ok || !ok2 || year == 0 {
		return moment.Time{}, false
	}
	if len(s) == 4 {
		return calendar(year, 1, 1, moment.ToYear)
	}
	month, ok := twoDigits(s, 5)
	if !ok || s[4] != '-' || month < 1 || month > 12 {
		return moment.Time{}, false
	}
	if len(s) == 7 {
		return calendar(year, month, 1, moment.ToMonth)
	}
	day, ok := twoDigits(s, 8)
	if !ok || s[7] != '-' || day < 1 || day > daysIn(year, month) {
		return moment.Time{}, false
	}
	if len(s) == 10 {
		return calendar(year, month, day, moment.ToDay)
	}
	return clock(s, year, month, day)
}

func calendar(year, month, day int, p moment.Precision) (moment.Time, bool) {
	return moment.Time{Nanos: nanos(daysSince1970(year, month, day)*86400, 0), Precision: p}, true
}

// clock reads the time of day, which begins at byte 10 of s.
func clock(s []byte, year, month, day int) (moment.Time, bool) {
	hour, ok := twoDigits(s, 11)
	minute, ok2 := twoDigits(s, 14)
	second, ok3 := twoDigits(s, 17)
	if !ok || !ok2 || !ok3 || s[10] != 'T' || s[13] != ':' || s[16] != ':' || hour > 23 || minute > 59 || second > 60 {
		return moment.Time{}, false
	}
	i, fraction := 19, int64(0)
	if i < len(s) && s[i] == '.' {
		j := scan.PastDigits(s, i+1)
		if j == i+1 {
			return moment.Time{}, false
		}
		for k, scale := i+1, int64(100_000_000); k < j; k, scale = k+1, scale/10 {
			fraction += int64(s[k]-'0') * scale
		}
		i = j
	}
	east, precision, ok := offset(s[i:])
	if !ok {
		return moment.Time{}, false
	}
	secs := daysSince1970(year, month, day)*86400 + int64(hour*3600+minute*60+second) - east
	return moment.Time{Nanos: nanos(secs, fraction), Precision: precision}, true
}

// offset reads Z, +hh:mm or -hh:mm as seconds east of UTC.
func offset(s []byte) (east int64, p moment.Precision, ok bool) {
	if len(s) == 0 {
		return 0, moment.WithoutOff, true
	}
	if len(s) == 1 && s[0] == 'Z' {
		return 0, moment.ToInstant, true
	}
	hours, ok := twoDigits(s, 1)
	minutes, ok2 := twoDigits(s, 4)
	if !ok || !ok2 || len(s) != 6 || s[3] != ':' || hours > 14 || minutes > 59 || hours == 14 && minutes > 0 {
		return 0, moment.NoTime, false
	}
	east = int64(hours*3600 + minutes*60)
	switch s[0] {
	case '+':
		return east, moment.ToInstant, true
	case '-':
		return -east, moment.ToInstant, true
	}
	return 0, moment.NoTime, false
}

func twoDigits(s []byte, i int) (int, bool) {
	if i+2 > len(s) || s[i] < '0' || s[i] > '9' || s[i+1] < '0' || s[i+1] > '9' {
		return 0, false
	}
	return int(s[i]-'0')*10 + int(s[i+1]-'0'), true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func daysSince1970(year, month, day int) int64 {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// nanos combines seconds and a fraction, clamped to 64 bits.
func nanos(secs, fraction int64) int64 {
	const most = math.MaxInt64/1_000_000_000 - 1
	switch {
	case secs > most:
		return most * 1_000_000_000
	case secs < -most:
		return -most * 1_000_000_000
	}
	return secs*1_000_000_000 + fraction
}
