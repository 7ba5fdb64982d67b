package checks

import (
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

// doseRate is a number of doses in a number of days; a ratio, so that nothing is rounded.
type doseRate struct{ times, days decimal.Decimal }

// periodDays are the units that labs.TimeUnit returns, in days, as ratios.
var periodDays = map[string]doseRate{
	"s": {
		decimal.Int(1),
		decimal.Int(86_400),
	}, "min": {decimal.Int(1), decimal.Int(1440)}, "h": {decimal.Int(1), decimal.Int(24)},
	"d": {
		decimal.Int(1),
		decimal.Int(1),
	}, "wk": {decimal.Int(7), decimal.Int(1)}, "mo": {decimal.Int(30), decimal.Int(1)},
	"a": {decimal.Int(365), decimal.Int(1)},
}

// timingCodes are codes of HL7's GTSAbbreviation and common Latin ones, as times in days.
var timingCodes = map[string]doseRate{
	"QD": per(
		1,
		1,
	), "OD": per(1, 1), "DAILY": per(1, 1), "QAM": per(1, 1), "QPM": per(1, 1), "AM": per(1, 1), "PM": per(1, 1),
	"QHS": per(1, 1), "HS": per(1, 1),
	"BED": per(
		1,
		1,
	), "NOCTE": per(1, 1), "QN": per(1, 1), "BID": per(2, 1), "BD": per(2, 1), "BDS": per(2, 1), "TID": per(3, 1),
	"TDS": per(3, 1), "TD": per(3, 1),
	"QID": per(
		4,
		1,
	), "QDS": per(4, 1), "QOD": per(1, 2), "EOD": per(1, 2), "WK": per(1, 7), "QW": per(1, 7), "QWK": per(1, 7),
	"MO": per(1, 30),
}

func per(times, days int) doseRate { return doseRate{decimal.Int(times), decimal.Int(days)} }

// rateOf says how often a dose is taken: by timing.repeat, else by its code. Unknown stays unknown.
func rateOf(t *facts.Timing) (doseRate, bool) {
	events := max(t.When, t.TimesOfDay)
	switch {
	case t.Period != "":
		return repeatRate(t, events)
	case events > 0:
		return onWeekdays(per(max(events, t.Frequency), 1), t.DaysOfWeek), true
	case t.DaysOfWeek > 0:
		return onWeekdays(per(max(t.Frequency, 1), 1), t.DaysOfWeek), true
	}
	if rate, ok := codeRate(t.Code); ok {
		return rate, true
	}
	if t.Frequency == 0 && (t.Count == 1 || t.Events == 1) {
		// A single dose is at most one a day, whatever else its code says.
		return per(1, 1), true
	}
	return doseRate{}, false
}

// repeatRate reads frequency, period and periodUnit. Several times of day within one day outrank a
// frequency of 1.
func repeatRate(t *facts.Timing, events int) (doseRate, bool) {
	name := labs.TimeUnit(t.PeriodUnit)
	unit, ok := periodDays[name]
	period, err := decimal.Parse(t.Period)
	if !ok || err != nil || period.Sign() <= 0 {
		return doseRate{}, false
	}
	times := max(t.Frequency, 1)
	daily := name == "d" && period.Cmp(decimal.Int(1)) == 0
	if daily {
		times = max(times, events)
	}
	rate := doseRate{times: decimal.Int(times).Times(unit.days), days: period.Times(unit.times)}
	if daily || name == "h" {
		rate = onWeekdays(rate, t.DaysOfWeek)
	}
	return rate, true
}

func onWeekdays(r doseRate, days int) doseRate {
	if days <= 0 || days >= 7 {
		return r
	}
	return doseRate{times: r.times.Times(decimal.Int(days)), days: r.days.Times(decimal.Int(7))}
}

// codeRate reads a timing code: BID, QHS, or every n hours or days as in Q8H.
func codeRate(code string) (doseRate, bool) {
	code = strings.ToUpper(strings.ReplaceAll(code, ".", ""))
	if r, ok := timingCodes[code]; ok {
		return r, true
	}
	rest, ok := strings.CutPrefix(code, "Q")
	if !ok || len(rest) < 2 || len(rest) > 3 {
		return doseRate{}, false
	}
	n, err := strconv.Atoi(rest[:len(rest)-1])
	if err != nil || n <= 0 {
		return doseRate{}, false
	}
	switch rest[len(rest)-1] {
	case 'H':
		return per(24, n), true
	case 'D':
		return per(1, n), true
	}
	return doseRate{}, false
}

// LengthInDays is a length of time in days, as a decimal number. The UCUM unit code decides, else
// the unit's text, in any case and in the languages of the tables; inDays makes a missing or
// non-time unit mean days. ok is false for lengths no course of treatment can have.
func LengthInDays(q *facts.Quantity, inDays bool) (days string, ok bool) {
	unit := timeUnitOf(q)
	if unit == "" && inDays {
		unit = "d"
	}
	// most are whole: decimals cost more than reading the rest
	if n, err := strconv.ParseUint(q.Value, 10, 20); err == nil && unit != "" {
		if days, ok := wholeDays(unit, n); ok {
			return days, true
		}
	}
	n, err := decimal.Parse(q.Value)
	if unit == "" || err != nil || n.Sign() < 0 || n.Cmp(decimal.Int(1_000_000)) > 0 {
		return "", false
	}
	return periodDays[unit].length(n).Cut(10), true
}

// wholeDays is a whole number of units in days, if that is whole too.
func wholeDays(unit string, n uint64) (days string, ok bool) {
	switch unit {
	case "d":
		return strconv.FormatUint(n, 10), true
	case "wk":
		return strconv.FormatUint(7*n, 10), true
	}
	return "", false
}

// length is n units of time in days.
func (r doseRate) length(n decimal.Decimal) decimal.Decimal { return n.Times(r.times).Over(r.days) }

// timeUnitOf is the unit of time of a quantity, as in periodDays: of its code, else of its text; ""
// if it has none.
func timeUnitOf(q *facts.Quantity) string {
	if unit := labs.TimeUnit(q.Code); unit != "" {
		return unit
	}
	return labs.TimeUnit(q.Unit)
}
