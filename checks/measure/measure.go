package measure

import (
	"errors"
	"strings"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// Reason says why a result cannot be evaluated. The list is closed; package words has the texts.
type Reason string

// Reasons why a result cannot be evaluated (rules.md R5, R15).
const (
	Usable          Reason = ""
	NoValue         Reason = "no-value"
	Absent          Reason = "data-absent"
	Text            Reason = "text"
	OtherForm       Reason = "not-a-quantity"
	NoUnit          Reason = "no-unit"
	UnknownUnit     Reason = "unknown-unit"
	UnitsDisagree   Reason = "units-disagree"
	Implausible     Reason = "implausible"
	Negative        Reason = "negative"
	LikelyFraction  Reason = "likely-fraction"
	LikelyPercent   Reason = "likely-percent"
	BadComparator   Reason = "unknown-comparator"
	Straddles       Reason = "straddles"
	Preliminary     Reason = "preliminary"
	UnknownStatus   Reason = "unknown-status"
	CodesDisagree   Reason = "codes-disagree"
	Pending         Reason = "pending"
	NotCalculable   Reason = "not-calculable"
	InputUnreadable Reason = "input-unusable"
	InputUnread     Reason = "input-unreadable"
	Unread          Reason = "unreadable"
	Modified        Reason = "modifier-extension"
	TimeUnread      Reason = "time-unreadable"
)

func (r Reason) Words() string { return words.Say("lab." + string(r)) }

// Unreadable reports whether a result is present but unreadable, so that nobody knows whether it is
// low. Text or an unknown unit, by contrast, is what the laboratory said.
func (r Reason) Unreadable() bool {
	return r == Unread || r == Modified || r == BadComparator
}

// Measure is a result as a number in its analyte's canonical unit.
type Measure struct {
	Value      decimal.Decimal
	Comparator string // "<", "<=", ">", ">=" if that is all that is known; else ""
	Unit       string // canonical
	sent       string // number and unit as sent, in the table's spelling, if converted; else ""
	Molar      bool   // sent in pmol/L or nmol/L, whose conversion is inexact
	Caveat     bool   // outside the soft limits
}

// Text shows a measure to a reader.
func (m *Measure) Text() string {
	s := m.Value.Cut(10)
	if m.Comparator != "" {
		s = m.Comparator + " " + s
	}
	if m.Unit != "" {
		s += " " + UnitWords(m.Unit)
	}
	if m.sent != "" {
		s += ", sent as " + UnitWords(m.sent)
	}
	return s
}

// Rules are the settings that affect reading a number.
type Rules struct {
	// UnitlessPercent: TSAT above 1.5 without a unit is a percentage.
	UnitlessPercent bool
}

// Read reads a result by its row of labs.tsv: value, unit, conversion, plausibility.
func Read(t *terms.Terms, lab *labs.Lab, v *facts.Value, rules Rules) (Measure, Reason) {
	if v.Kind == facts.UnreadValue && v.Text != "" {
		return Measure{}, Modified
	}
	if reason := formReason(v.Kind); reason != Usable {
		return Measure{}, reason
	}
	q := &v.Quantity
	switch q.Comparator {
	case "", "<", "<=", ">", ">=":
	default:
		return Measure{}, BadComparator
	}
	value, reason := readNumber(q.Value)
	if reason != Usable {
		return Measure{}, reason
	}
	factor, unit, reason := unitOf(t, lab, q)
	if lab.Analyte == labs.TSAT {
		factor, unit, reason = tsatUnit(lab, value, factor, unit, reason, rules)
	}
	if reason != Usable {
		return Measure{}, reason
	}
	m := Measure{Value: value.Times(factor), Comparator: q.Comparator, Unit: lab.CanonicalUnit}
	if factor.Cmp(decimal.Int(1)) != 0 {
		m.sent = value.Cut(10)
		if unit != "1" {
			m.sent += " " + unit
		}
		m.Molar = strings.HasPrefix(unit, "pmol/") || strings.HasPrefix(unit, "nmol/")
	}
	return Plausible(lab, m)
}

func formReason(k facts.ValueKind) Reason {
	switch k {
	case facts.QuantityValue:
		return Usable
	case facts.NoValue:
		return NoValue
	case facts.AbsentValue:
		return Absent
	case facts.TextValue:
		return Text
	case facts.UnreadValue:
		return Unread
	default:
		return OtherForm
	}
}

func readNumber(s string) (decimal.Decimal, Reason) {
	if s == "" {
		return decimal.Decimal{}, NoValue
	}
	x, err := decimal.Parse(s)
	switch {
	case errors.Is(err, decimal.ErrBeyondReason):
		return x, Implausible
	case err != nil:
		return x, OtherForm
	case x.Sign() < 0:
		return x, Negative
	}
	return x, Usable
}

// unitOf finds the factor to the canonical unit. A UCUM code outranks the text; a code of another
// system, which may mean anything, counts only without a text. If both are known units and differ,
// neither is believed.
func unitOf(t *terms.Terms, lab *labs.Lab, q *facts.Quantity) (decimal.Decimal, string, Reason) {
	if q.Code == "" && q.Unit == "" {
		return decimal.Decimal{}, "", NoUnit
	}
	code, codeUnit, codeKnown := tableUnit(t, lab, q.Code)
	text, textUnit, textKnown := tableUnit(t, lab, q.Unit)
	ucum := q.Code != "" && codes.Canonical(q.System) == codes.UCUM
	switch {
	case codeKnown && textKnown && code.Cmp(text) != 0:
		return decimal.Decimal{}, "", UnitsDisagree
	case codeKnown:
		return code, codeUnit, Usable
	case textKnown && !ucum:
		return text, textUnit, Usable
	default:
		return decimal.Decimal{}, "", UnknownUnit
	}
}

// tableUnit returns the factor of a unit and its spelling in the table, the only one shown to
// readers.
func tableUnit(t *terms.Terms, lab *labs.Lab, unit string) (decimal.Decimal, string, bool) {
	if unit == "" {
		return decimal.Decimal{}, "", false
	}
	text, ok := lab.Factor(unit)
	if !ok {
		return decimal.Decimal{}, "", false
	}
	factor, err := decimal.Parse(text)
	if err != nil {
		return decimal.Decimal{}, "", false
	}
	spelling := lab.CanonicalUnit
	for i := len(lab.Units) - 1; i >= 0; i-- {
		if u := lab.Units[i]; u.Factor == text {
			spelling = u.Unit
		}
		if lab.Units[i].Unit == unit {
			return factor, unit, true
		}
	}
	return factor, spelling, true
}

// tsatUnit is the unit rule of rules.md R5: TSAT is sent as a percentage or a fraction under the
// same codes, so the number must fit the unit.
func tsatUnit(
	lab *labs.Lab,
	v, factor decimal.Decimal,
	unit string,
	reason Reason,
	rules Rules,
) (decimal.Decimal, string, Reason) {
	one, largest := decimal.Int(1), decimal.Of("1.5")
	switch {
	case reason == NoUnit && rules.UnitlessPercent && (lab.LOINC == "2502-3" || lab.LOINC == "14801-5") &&
		v.Cmp(largest) > 0:
		return one, "%", Usable
	case reason != Usable:
		return factor, unit, reason
	case factor.Cmp(one) == 0 && v.Cmp(one) < 0:
		return factor, unit, LikelyFraction
	case factor.Cmp(one) > 0 && v.Cmp(largest) > 0:
		return factor, unit, LikelyPercent
	}
	return factor, unit, Usable
}

// Plausible checks a measure against the limits of its row: outside the hard ones it is not
// evaluated, outside the soft ones it carries a caveat. Bounds such as "below 0.4" and "above
// 60,000", which laboratories report for values out of range, are believed.
func Plausible(lab *labs.Lab, m Measure) (Measure, Reason) {
	low, high := lab.HardLow, lab.HardHigh
	switch {
	case m.Value.Sign() <= 0:
	case m.Comparator == "<" || m.Comparator == "<=":
		low = ""
	case m.Comparator == ">" || m.Comparator == ">=":
		high = ""
	}
	if outsideLimits(m.Value, low, high) {
		return Measure{}, Implausible
	}
	m.Caveat = outsideLimits(m.Value, lab.SoftLow, lab.SoftHigh)
	return m, Usable
}

func outsideLimits(v decimal.Decimal, low, high string) bool {
	return low != "" && v.Cmp(decimal.Of(low)) < 0 || high != "" && v.Cmp(decimal.Of(high)) > 0
}

// IronLimit is a threshold: values below it are low; the value itself too if inclusive.
type IronLimit struct {
	Value     decimal.Decimal
	Inclusive bool
}

// IronVerdict is how a measure compares with a limit.
type IronVerdict uint8

// Verdicts. A measure straddles if its possible values lie on both sides of the limit.
const (
	VerdictNotLow IronVerdict = iota
	VerdictLow
	VerdictStraddles
)

// Judge compares without rounding. A value converted from pmol/L or nmol/L within 1 % of the limit
// counts as low, since the conversion factor is no more precise; at reports that it was that close.
func (l IronLimit) Judge(m *Measure) (v IronVerdict, at bool) {
	if m.Molar {
		margin := l.Value.Times(decimal.Of("0.01"))
		at = m.Value.Cmp(l.Value.Minus(margin)) >= 0 && m.Value.Cmp(l.Value.Plus(margin)) <= 0
		l = IronLimit{Value: l.Value.Plus(margin), Inclusive: true}
	}
	c := m.Value.Cmp(l.Value)
	below := c < 0 || c == 0 && l.Inclusive
	switch m.Comparator {
	case "":
		if below {
			return VerdictLow, at
		}
		return VerdictNotLow, false
	case "<":
		if c <= 0 {
			return VerdictLow, false
		}
	case "<=":
		if below {
			return VerdictLow, false
		}
	case ">":
		// Everything above the limit itself is not low, whether the limit is or not.
		if c >= 0 {
			return VerdictNotLow, false
		}
	case ">=":
		if !below {
			return VerdictNotLow, false
		}
	}
	return VerdictStraddles, false
}

// Below reports whether a measure is certainly below a limit.
func (m *Measure) Below(limit decimal.Decimal) bool {
	switch m.Comparator {
	case "":
		return m.Value.Cmp(limit) < 0
	case "<":
		return m.Value.Cmp(limit) <= 0
	case "<=":
		return m.Value.Cmp(limit) < 0
	}
	return false
}
