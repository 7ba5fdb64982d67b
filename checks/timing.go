package checks

import (
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// doseRate says that a dose is taken a number of times in a number of days; kept as a ratio, so that nothing is rounded.
type doseRate struct{ times, days Decimal }

// periodDays are the units of time that terms.TimeUnit knows in days, as ratios.
var periodDays = map[string]doseRate{
	"s": {decimalInt(1), decimalInt(86_400)}, "min": {decimalInt(1), decimalInt(1440)}, "h": {decimalInt(1), decimalInt(24)},
	"d": {decimalInt(1), decimalInt(1)}, "wk": {decimalInt(7), decimalInt(1)}, "mo": {decimalInt(30), decimalInt(1)}, "a": {decimalInt(365), decimalInt(1)},
}

// timingCodes are codes of HL7's GTSAbbreviation and usual Latin ones, as times in days.
var timingCodes = map[string]doseRate{
	"QD": per(1, 1), "OD": per(1, 1), "DAILY": per(1, 1), "QAM": per(1, 1), "QPM": per(1, 1), "AM": per(1, 1), "PM": per(1, 1), "QHS": per(1, 1), "HS": per(1, 1),
	"BED": per(1, 1), "NOCTE": per(1, 1), "QN": per(1, 1), "BID": per(2, 1), "BD": per(2, 1), "BDS": per(2, 1), "TID": per(3, 1), "TDS": per(3, 1), "TD": per(3, 1),
	"QID": per(4, 1), "QDS": per(4, 1), "QOD": per(1, 2), "EOD": per(1, 2), "WK": per(1, 7), "QW": per(1, 7), "QWK": per(1, 7), "MO": per(1, 30),
}

func per(times, days int) doseRate { return doseRate{decimalInt(times), decimalInt(days)} }

// rateOf says how often a dose is taken: by timing.repeat, else by its code. Unknown stays unknown.
func rateOf(t *Timing) (doseRate, bool) {
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
		// A single dose is at most the dose of its day, whatever else its code says.
		return per(1, 1), true
	}
	return doseRate{}, false
}

// repeatRate reads frequency, period and periodUnit. Several times of day within one day say more than a frequency of 1.
func repeatRate(t *Timing, events int) (doseRate, bool) {
	name := terms.TimeUnit(t.PeriodUnit)
	unit, ok := periodDays[name]
	period, err := ParseDecimal(t.Period)
	if !ok || err != nil || period.Sign() <= 0 {
		return doseRate{}, false
	}
	times := max(t.Frequency, 1)
	daily := name == "d" && period.Cmp(decimalInt(1)) == 0
	if daily {
		times = max(times, events)
	}
	rate := doseRate{times: decimalInt(times).times(unit.days), days: period.times(unit.times)}
	if daily || name == "h" {
		rate = onWeekdays(rate, t.DaysOfWeek)
	}
	return rate, true
}

func onWeekdays(r doseRate, days int) doseRate {
	if days <= 0 || days >= 7 {
		return r
	}
	return doseRate{times: r.times.times(decimalInt(days)), days: r.days.times(decimalInt(7))}
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

// LengthInDays is a length of time in days, as a decimal number. A unit code of UCUM decides, else the text of the unit, in any case
// and in the languages of the tables; inDays tells that a unit which is none of time, or none at all, means days. ok is false for what is
// no length that a course of treatment can have.
func LengthInDays(q *Quantity, inDays bool) (days string, ok bool) {
	unit := timeUnitOf(q)
	if unit == "" && inDays {
		unit = "d"
	}
	if n, err := strconv.ParseUint(q.Value, 10, 20); err == nil && unit != "" { // most are whole: decimals cost more than reading the rest
		if days, ok := wholeDays(unit, n); ok {
			return days, true
		}
	}
	n, err := ParseDecimal(q.Value)
	if unit == "" || err != nil || n.Sign() < 0 || n.Cmp(decimalInt(1_000_000)) > 0 {
		return "", false
	}
	return periodDays[unit].length(n).cut(10), true
}

// wholeDays is a whole number of units in days, where that is whole too.
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
func (r doseRate) length(n Decimal) Decimal { return n.times(r.times).over(r.days) }

// timeUnitOf is the unit of time of a quantity as periodDays has it: of its code, else of its text; "" when it has none.
func timeUnitOf(q *Quantity) string {
	if unit := terms.TimeUnit(q.Code); unit != "" {
		return unit
	}
	return terms.TimeUnit(q.Unit)
}
