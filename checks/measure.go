package checks

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

// labReason says why a result cannot be evaluated. The list is closed; the words are in
// checks/words.
type labReason string

// Reasons why a result cannot be evaluated (rules.md R5, R15).
const (
	labUsable          labReason = ""
	labNoValue         labReason = "no-value"
	labAbsent          labReason = "data-absent"
	labText            labReason = "text"
	labOtherForm       labReason = "not-a-quantity"
	labNoUnit          labReason = "no-unit"
	labUnknownUnit     labReason = "unknown-unit"
	labUnitsDisagree   labReason = "units-disagree"
	labImplausible     labReason = "implausible"
	labNegative        labReason = "negative"
	labLikelyFraction  labReason = "likely-fraction"
	labLikelyPercent   labReason = "likely-percent"
	labBadComparator   labReason = "unknown-comparator"
	labStraddles       labReason = "straddles"
	labPreliminary     labReason = "preliminary"
	labUnknownStatus   labReason = "unknown-status"
	labCodesDisagree   labReason = "codes-disagree"
	labPending         labReason = "pending"
	labNotCalculable   labReason = "not-calculable"
	labInputUnreadable labReason = "input-unusable"
	labInputUnread     labReason = "input-unreadable"
	labUnread          labReason = "unreadable"
	labModified        labReason = "modifier-extension"
	labTimeUnread      labReason = "time-unreadable"
)

func (r labReason) words() string { return words.Say("lab." + string(r)) }

// unreadable tells that a result is there and could not be read, so that nobody knows whether it is
// low. Text, or a unit that is not known, is what the laboratory said.
func (r labReason) unreadable() bool {
	return r == labUnread || r == labModified || r == labBadComparator
}

// measure is a result as a number in its analyte's canonical unit.
type measure struct {
	value      decimal.Decimal
	comparator string // "<", "<=", ">", ">=" or "": all that is known of the value
	unit       string // canonical
	sent       string // number and unit as sent, in the table's spelling, when it was converted; "" otherwise
	molar      bool   // sent in pmol/L or nmol/L, whose conversion is not exact
	caveat     bool   // outside the soft limits
}

// text shows a measure to a reader.
func (m *measure) text() string {
	s := m.value.Cut(10)
	if m.comparator != "" {
		s = m.comparator + " " + s
	}
	if m.unit != "" {
		s += " " + unitWords(m.unit)
	}
	if m.sent != "" {
		s += ", sent as " + unitWords(m.sent)
	}
	return s
}

// labRules are the settings that reading a number depends on.
type labRules struct {
	// unitlessPercent: TSAT without a unit and above 1.5 is a percentage.
	unitlessPercent bool
}

// readMeasure reads a result by its row of labs.tsv: value, unit, conversion, plausibility.
func readMeasure(t *terms.Terms, lab *labs.Lab, v *facts.Value, rules labRules) (measure, labReason) {
	if v.Kind == facts.UnreadValue && v.Text != "" {
		return measure{}, labModified
	}
	if reason := formReason(v.Kind); reason != labUsable {
		return measure{}, reason
	}
	q := &v.Quantity
	switch q.Comparator {
	case "", "<", "<=", ">", ">=":
	default:
		return measure{}, labBadComparator
	}
	value, reason := readNumber(q.Value)
	if reason != labUsable {
		return measure{}, reason
	}
	factor, unit, reason := unitOf(t, lab, q)
	if lab.Analyte == labs.TSAT {
		factor, unit, reason = tsatUnit(lab, value, factor, unit, reason, rules)
	}
	if reason != labUsable {
		return measure{}, reason
	}
	m := measure{value: value.Times(factor), comparator: q.Comparator, unit: lab.CanonicalUnit}
	if factor.Cmp(decimal.Int(1)) != 0 {
		m.sent = value.Cut(10)
		if unit != "1" {
			m.sent += " " + unit
		}
		m.molar = strings.HasPrefix(unit, "pmol/") || strings.HasPrefix(unit, "nmol/")
	}
	return plausible(lab, m)
}

func formReason(k facts.ValueKind) labReason {
	switch k {
	case facts.QuantityValue:
		return labUsable
	case facts.NoValue:
		return labNoValue
	case facts.AbsentValue:
		return labAbsent
	case facts.TextValue:
		return labText
	case facts.UnreadValue:
		return labUnread
	default:
		return labOtherForm
	}
}

func readNumber(s string) (decimal.Decimal, labReason) {
	if s == "" {
		return decimal.Decimal{}, labNoValue
	}
	x, err := decimal.Parse(s)
	switch {
	case errors.Is(err, decimal.ErrBeyondReason):
		return x, labImplausible
	case err != nil:
		return x, labOtherForm
	case x.Sign() < 0:
		return x, labNegative
	}
	return x, labUsable
}

// unitOf finds the factor to the canonical unit. A UCUM code says more than the text beside it; a
// code of another system, which may mean anything, only what the text does not say. When both are
// known units and differ, neither is believed.
func unitOf(t *terms.Terms, lab *labs.Lab, q *facts.Quantity) (decimal.Decimal, string, labReason) {
	if q.Code == "" && q.Unit == "" {
		return decimal.Decimal{}, "", labNoUnit
	}
	code, codeUnit, codeKnown := tableUnit(t, lab, q.Code)
	text, textUnit, textKnown := tableUnit(t, lab, q.Unit)
	ucum := q.Code != "" && codes.Canonical(q.System) == codes.UCUM
	switch {
	case codeKnown && textKnown && code.Cmp(text) != 0:
		return decimal.Decimal{}, "", labUnitsDisagree
	case codeKnown:
		return code, codeUnit, labUsable
	case textKnown && !ucum:
		return text, textUnit, labUsable
	default:
		return decimal.Decimal{}, "", labUnknownUnit
	}
}

// tableUnit gives the factor of a unit and its spelling in the table, which alone is shown to
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

// tsatUnit is the unit rule of rules.md R5: TSAT is sent as percent and as fraction under the same
// codes, so the number has to fit the unit.
func tsatUnit(
	lab *labs.Lab,
	v, factor decimal.Decimal,
	unit string,
	reason labReason,
	rules labRules,
) (decimal.Decimal, string, labReason) {
	one, largest := decimal.Int(1), decimal.Of("1.5")
	switch {
	case reason == labNoUnit && rules.unitlessPercent && (lab.LOINC == "2502-3" || lab.LOINC == "14801-5") && v.Cmp(largest) > 0:
		return one, "%", labUsable
	case reason != labUsable:
		return factor, unit, reason
	case factor.Cmp(one) == 0 && v.Cmp(one) < 0:
		return factor, unit, labLikelyFraction
	case factor.Cmp(one) > 0 && v.Cmp(largest) > 0:
		return factor, unit, labLikelyPercent
	}
	return factor, unit, labUsable
}

// plausible holds a measure against the limits of its row: outside the hard ones it is not
// evaluated, outside the soft ones it carries a caveat. "Below 0.4" and "above 60,000" are how
// laboratories report what lies outside of what they can measure: those bounds are believed.
func plausible(lab *labs.Lab, m measure) (measure, labReason) {
	low, high := lab.HardLow, lab.HardHigh
	switch {
	case m.value.Sign() <= 0:
	case m.comparator == "<" || m.comparator == "<=":
		low = ""
	case m.comparator == ">" || m.comparator == ">=":
		high = ""
	}
	if outsideLimits(m.value, low, high) {
		return measure{}, labImplausible
	}
	m.caveat = outsideLimits(m.value, lab.SoftLow, lab.SoftHigh)
	return m, labUsable
}

func outsideLimits(v decimal.Decimal, low, high string) bool {
	return low != "" && v.Cmp(decimal.Of(low)) < 0 || high != "" && v.Cmp(decimal.Of(high)) > 0
}

// ironLimit is a threshold: low is what lies below it, and at it when inclusive.
type ironLimit struct {
	value     decimal.Decimal
	inclusive bool
}

// ironVerdict is what a measure says about a limit.
type ironVerdict uint8

// Verdicts. A measure straddles when all that is known of it lies on both sides of the limit.
const (
	verdictNotLow ironVerdict = iota
	verdictLow
	verdictStraddles
)

// judge compares without rounding. A value converted from pmol/L or nmol/L within 1 % of the limit
// counts as low, since the conversion factor is not known better; at says that it was so close.
func (l ironLimit) judge(m *measure) (v ironVerdict, at bool) {
	if m.molar {
		margin := l.value.Times(decimal.Of("0.01"))
		at = m.value.Cmp(l.value.Minus(margin)) >= 0 && m.value.Cmp(l.value.Plus(margin)) <= 0
		l = ironLimit{value: l.value.Plus(margin), inclusive: true}
	}
	c := m.value.Cmp(l.value)
	below := c < 0 || c == 0 && l.inclusive
	switch m.comparator {
	case "":
		if below {
			return verdictLow, at
		}
		return verdictNotLow, false
	case "<":
		if c <= 0 {
			return verdictLow, false
		}
	case "<=":
		if below {
			return verdictLow, false
		}
	case ">":
		// All above the limit itself is not low, whether the limit is or not.
		if c >= 0 {
			return verdictNotLow, false
		}
	case ">=":
		if !below {
			return verdictNotLow, false
		}
	}
	return verdictStraddles, false
}
