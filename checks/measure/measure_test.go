package measure

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

func TestReadMeasure(t *testing.T) {
	for _, c := range []struct {
		loinc  string
		q      facts.Quantity
		value  string
		reason Reason
	}{
		{"2276-4", facts.Quantity{Value: "75", Unit: "ng/mL"}, "75", ""},
		{"2276-4", facts.Quantity{Value: "75", Code: "ug/L", System: codes.UCUM}, "75", ""},
		{"2276-4", facts.Quantity{Value: "75", Unit: "µg/l"}, "75", ""},
		{"2276-4", facts.Quantity{Value: "0.05", Unit: "mg/L"}, "50", ""},
		{"14723-1", facts.Quantity{Value: "160", Unit: "pmol/L"}, "71.2", ""},
		{"14723-1", facts.Quantity{Value: "0.16", Unit: "nmol/L"}, "71.2", ""},
		{"2276-4", facts.Quantity{Value: "75", Code: "L1", System: "http://local", Unit: "ng/mL"}, "75", ""},
		{"2276-4", facts.Quantity{Value: "75", Code: "ng/mL", Unit: "Nanogramm pro ml"}, "75", ""},
		{"2276-4", facts.Quantity{Value: "75"}, "", NoUnit},
		{"2276-4", facts.Quantity{Value: "75", Unit: "furlong"}, "", UnknownUnit},
		{"2276-4", facts.Quantity{Value: "75", Code: "mg/dL", System: codes.UCUM, Unit: "ng/mL"}, "", UnknownUnit},
		{"2276-4", facts.Quantity{Value: "75", Code: "ng/mL", System: codes.UCUM, Unit: "pmol/L"}, "", UnitsDisagree},
		{"2276-4", facts.Quantity{Value: "75", Code: "ng/mL", System: codes.UCUM, Unit: "ug/L"}, "75", ""},
		{"2276-4", facts.Quantity{Value: "75", Unit: "%"}, "", UnknownUnit},
		{"2276-4", facts.Quantity{Value: "-1", Unit: "ng/mL"}, "", Negative},
		{"2276-4", facts.Quantity{Value: "0", Unit: "ng/mL"}, "", Implausible},
		{"2276-4", facts.Quantity{Value: "0.5", Unit: "ng/mL"}, "0.5", ""},
		{"2276-4", facts.Quantity{Value: "0.4999999", Unit: "ng/mL"}, "", Implausible},
		{"2276-4", facts.Quantity{Value: "50000", Unit: "ng/mL"}, "50000", ""},
		{"2276-4", facts.Quantity{Value: "50000.1", Unit: "ng/mL"}, "", Implausible},
		{"2276-4", facts.Quantity{Value: "75", Unit: "mg/L"}, "", Implausible},
		{"2276-4", facts.Quantity{Value: "1e400", Unit: "ng/mL"}, "", Implausible},
		{"2276-4", facts.Quantity{Value: "1e999999999", Unit: "ng/mL"}, "", Implausible},
		{"2276-4", facts.Quantity{Value: strings.Repeat("7", 10_000), Unit: "ng/mL"}, "", Implausible},
		{"2276-4", facts.Quantity{Unit: "ng/mL"}, "", NoValue},
		{"2276-4", facts.Quantity{Value: "seventy", Unit: "ng/mL"}, "", OtherForm},
		{"2276-4", facts.Quantity{Value: "75", Comparator: "~", Unit: "ng/mL"}, "", BadComparator},

		{"2502-3", facts.Quantity{Value: "31", Unit: "%"}, "31", ""},
		{"2502-3", facts.Quantity{Value: "1", Unit: "%"}, "1", ""},
		{"2502-3", facts.Quantity{Value: "150", Unit: "%"}, "150", ""},
		{"2502-3", facts.Quantity{Value: "150.1", Unit: "%"}, "", Implausible},
		{"2502-3", facts.Quantity{Value: "0.31", Unit: "%"}, "", LikelyFraction},
		{"14801-5", facts.Quantity{Value: "0.18", Code: "1", Unit: "1", System: codes.UCUM}, "18", ""},
		{"14801-5", facts.Quantity{Value: "1.5", Code: "1", System: codes.UCUM}, "150", ""},
		{"14801-5", facts.Quantity{Value: "1.51", Code: "1", System: codes.UCUM}, "", LikelyPercent},
		{"14801-5", facts.Quantity{Value: "31", Code: "1", System: codes.UCUM}, "", LikelyPercent},
		{"14801-5", facts.Quantity{Value: "0", Code: "1", System: codes.UCUM}, "", Implausible},
		{"14801-5", facts.Quantity{Value: "31", Code: "1", Unit: "%", System: codes.UCUM}, "", UnitsDisagree},
		{"2502-3", facts.Quantity{Value: "31"}, "", NoUnit},
		{"2500-7", facts.Quantity{Value: "31", Unit: "%"}, "", UnknownUnit},
		{"14798-3", facts.Quantity{Value: "10", Unit: "umol/L"}, "55.845", ""},
		{"3034-6", facts.Quantity{Value: "2.5", Unit: "g/l"}, "250", ""},
	} {
		lab, ok := labs.Find(c.loinc)
		if !ok {
			t.Fatalf("no row for %s", c.loinc)
		}
		m, reason := Read(
			terms.Embedded(),
			lab,
			&facts.Value{Kind: facts.QuantityValue, Quantity: c.q},
			Rules{},
		)
		if reason != c.reason || reason == Usable && m.Value.String() != c.value {
			t.Errorf("%s %.40v: %s %q, want %s %q", c.loinc, c.q, m.Value, reason, c.value, c.reason)
		}
	}
}

func TestUnitlessTSATOnlyWhereTheSiteSaysSo(t *testing.T) {
	for _, c := range []struct {
		loinc, value string
		want         Reason
	}{
		{"2502-3", "31", Usable}, {"14801-5", "31", Usable}, {"2505-6", "31", NoUnit}, {"2502-3", "1.5", NoUnit},
		{"2502-3", "200", Implausible},
	} {
		lab, _ := labs.Find(c.loinc)
		if _, got := Read(terms.Embedded(), lab, &facts.Value{Kind: facts.QuantityValue,
			Quantity: facts.Quantity{Value: c.value}}, Rules{UnitlessPercent: true}); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.loinc, c.value, got, c.want)
		}
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	for _, k := range []facts.ValueKind{facts.NoValue, facts.TextValue, facts.CodedValue, facts.AbsentValue,
		facts.OtherValue} {
		lab, _ := labs.Find("2276-4")
		if _, reason := Read(terms.Embedded(), lab, &facts.Value{Kind: k}, Rules{}); reason == Usable ||
			reason.Words() == "" {
			t.Errorf("value of kind %d: %q", k, reason)
		}
	}
}

func TestJudge(t *testing.T) {
	ferritin, child, tsat := IronLimit{
		Value:     decimal.Of("75"),
		Inclusive: true,
	}, IronLimit{
		Value:     decimal.Of("50"),
		Inclusive: false,
	}, IronLimit{
		Value:     decimal.Of("20"),
		Inclusive: false,
	}
	low, normal, both := VerdictLow, VerdictNotLow, VerdictStraddles
	for _, c := range []struct {
		limit IronLimit
		value string
		molar bool
		want  IronVerdict
		at    bool
	}{
		{ferritin, "75", false, low, false}, {ferritin, "75.0000000001", false, normal, false},
		{ferritin, "74.9", false, low, false},
		{tsat, "20", false, normal, false}, {tsat, "19.99", false, low, false}, {tsat, "19.9999999999999999999999",
			false, low, false},
		{child, "50", false, normal, false}, {child, "49.999", false, low, false},
		{ferritin, "<50", false, low, false}, {ferritin, "<75", false, low, false}, {ferritin, "<=75", false, low,
			false}, {ferritin, "<75.1", false, both, false}, {ferritin, "<=75.1", false, both, false},
		{ferritin, "<100", false, both, false}, {ferritin, ">75", false, normal, false}, {ferritin, ">=75", false, both,
			false}, {ferritin, ">=75.1", false, normal, false},
		{ferritin, ">74", false, both, false}, {ferritin, ">100", false, normal, false},
		{tsat, "<20", false, low, false}, {tsat, "<=20", false, both, false}, {tsat, "<=19.9", false, low, false},
		{tsat, ">=20", false, normal, false}, {tsat, ">20", false, normal, false}, {tsat, ">19.9", false, both, false},
		{child, "<50", false, low, false}, {child, "<=50", false, both, false}, {child, ">=50", false, normal, false},
		// From pmol/L: 168.5 is 74.98, 170.2 is 75.739, 170.3 is 75.7835 ng/mL.
		{ferritin, "74.9825", true, low, true}, {ferritin, "75.739", true, low, true}, {ferritin, "75.75", true, low,
			true}, {ferritin, "75.7835", true, normal, false}, {ferritin, "74.2", true, low, false},
		{child, "50.5", true, low, true}, {child, "50.51", true, normal, false}, {ferritin, ">75.5", true, both, false},
		{ferritin, ">75.75", true, normal, false},
	} {
		number := strings.TrimLeft(c.value, "<>=")
		m := Measure{Value: decimal.Of(number), Comparator: strings.TrimSuffix(c.value, number), Molar: c.molar}
		if got, at := c.limit.Judge(&m); got != c.want || at != c.at {
			t.Errorf(
				"%s against %v (molar %v): %d at %v, want %d at %v",
				c.value,
				c.limit,
				c.molar,
				got,
				at,
				c.want,
				c.at,
			)
		}
	}
}

// A bound is low only if every value it allows is, and not low only if none is.
func TestBoundsAgreeWithTheValuesTheyAllow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := func(name string) decimal.Decimal {
			return decimal.Of(
				fmt.Sprintf("%d.%d", rapid.IntRange(1, 120).Draw(t, name), rapid.IntRange(0, 9).Draw(t, name+".")),
			)
		}
		l := IronLimit{Value: decimal.Of("75"), Inclusive: rapid.Bool().Draw(t, "inclusive")}
		bound, inside := value("bound"), value("inside")
		comparator := rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "comparator")
		c := inside.Cmp(bound)
		allowed := map[string]bool{"<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[comparator]
		got, _ := l.Judge(&Measure{Value: bound, Comparator: comparator})
		one, _ := l.Judge(&Measure{Value: inside})
		if allowed && got != VerdictStraddles && got != one {
			t.Fatalf("%s %s says %d, but %s is %d", comparator, bound, got, inside, one)
		}
	})
}

// Conversion keeps the order of values, whatever the unit.
func TestConversionIsMonotone(t *testing.T) {
	ferritin, _ := labs.Find("2276-4")
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom(ferritin.Units).Draw(t, "unit").Unit
		read := func(name string) (decimal.Decimal, Measure, Reason) {
			text := fmt.Sprintf(
				"%d.%03d",
				rapid.IntRange(0, 2000).Draw(t, name),
				rapid.IntRange(0, 999).Draw(t, name+"."),
			)
			m, reason := Read(
				terms.Embedded(),
				ferritin,
				&facts.Value{Kind: facts.QuantityValue, Quantity: facts.Quantity{Value: text, Unit: unit}},
				Rules{},
			)
			return decimal.Of(text), m, reason
		}
		a, x, ra := read("a")
		b, y, rb := read("b")
		if ra == Usable && rb == Usable && a.Cmp(b) != x.Value.Cmp(y.Value) {
			t.Fatalf("%s and %s %s became %s and %s", a, b, unit, x.Value, y.Value)
		}
	})
}
