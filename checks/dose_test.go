package checks

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

func mgOf(v string) facts.Quantity {
	return facts.Quantity{Value: v, Unit: "mg", Code: "mg", System: codes.UCUM}
}

func every(frequency int, period, unit string) facts.Timing {
	return facts.Timing{Frequency: frequency, Period: period, PeriodUnit: unit}
}

func TestRateOf(t *testing.T) {
	for _, c := range []struct {
		name   string
		timing facts.Timing
		want   string // times in 84 days; "" unknown
	}{
		{"nothing", facts.Timing{}, ""},
		{"three a day", every(3, "1", "d"), "252"},
		{"once a day, frequency absent", every(0, "1", "d"), "84"},
		{"every 8 h", every(1, "8", "h"), "252"},
		{"every other day", every(1, "2", "d"), "42"},
		{"twice a week", every(2, "1", "wk"), "24"},
		{"every 1.5 days", every(1, "1.5", "d"), "56"},
		{"every 480 min", every(1, "480", "min"), "252"},
		{"period 0", every(1, "0", "d"), ""},
		{"period of text", every(1, "daily", "d"), ""},
		{"period beyond reason", every(1, "1e999999999", "d"), ""},
		{"unit unknown", every(1, "1", "fortnight"), ""},
		{"morning, noon and evening", facts.Timing{When: 3}, "252"},
		{"two times of day within one day", facts.Timing{TimesOfDay: 2, Frequency: 1, Period: "1", PeriodUnit: "d"},
			"168"},
		{"three days of the week", facts.Timing{Frequency: 1, Period: "1", PeriodUnit: "d", DaysOfWeek: 3}, "36"},
		{"three a week on three days", facts.Timing{Frequency: 3, Period: "1", PeriodUnit: "wk", DaysOfWeek: 3}, "36"},
		{"days of the week alone", facts.Timing{DaysOfWeek: 7}, "84"},
		{"BID", facts.Timing{Code: "BID"}, "168"},
		{"b.i.d.", facts.Timing{Code: "b.i.d."}, "168"},
		{"TID", facts.Timing{Code: "TID"}, "252"},
		{"QHS", facts.Timing{Code: "QHS"}, "84"},
		{"QOD", facts.Timing{Code: "QOD"}, "42"},
		{"Q8H", facts.Timing{Code: "Q8H"}, "252"},
		{"Q12H", facts.Timing{Code: "Q12H"}, "168"},
		{"Q3D", facts.Timing{Code: "Q3D"}, "28"},
		{"Q0H", facts.Timing{Code: "Q0H"}, ""},
		{"unknown code", facts.Timing{Code: "QUX"}, ""},
		{"a single dose", facts.Timing{Count: 1}, "84"},
		{"a single dose, in words too", facts.Timing{Count: 1, Code: "once"}, "84"},
		{"several events", facts.Timing{Events: 2}, ""},
	} {
		got := ""
		if r, ok := rateOf(&c.timing); ok {
			got = r.times.Times(decimal.Int(84)).Over(r.days).String()
		}
		if got != c.want {
			t.Errorf("%s: %q times in 84 days, want %q", c.name, got, c.want)
		}
	}
}

func TestDailyDose(t *testing.T) {
	day := every(1, "1", "d")
	twice := every(2, "1", "d")
	period := func(from, to string) facts.Period { return facts.Period{Start: labTime(t, from), End: labTime(t, to)} }
	for _, c := range []struct {
		name     string
		dosages  []facts.Dosage
		strength string
		perML    bool
		want     string
		complete bool
	}{
		{"none", nil, "", false, "0", false},
		{"mg", []facts.Dosage{{Dose: mgOf("150"), Timing: every(3, "1", "d")}}, "", false, "450", true},
		{"g", []facts.Dosage{{Dose: facts.Quantity{Value: "0.6", Unit: "g"}, Timing: twice}}, "", false, "1200", true},
		{"micrograms", []facts.Dosage{{Dose: facts.Quantity{Value: "500", Unit: "µg"}, Timing: twice}}, "", false, "1",
			true},
		{"capsules", []facts.Dosage{{Dose: facts.Quantity{Value: "2", Unit: "capsule", Code: "CAP",
			System: "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm"}, Timing: twice}}, "150", false, "600",
			true},
		{"Tabletten", []facts.Dosage{{Dose: facts.Quantity{Value: "0.5", Unit: "Tabletten"}, Timing: day}}, "75", false,
			"37.5", true},
		{"annotation", []facts.Dosage{{Dose: facts.Quantity{Value: "1", Unit: "Kapsel", Code: "{capsule}",
			System: codes.UCUM}, Timing: day}}, "75", false, "75", true},
		{"capsules of unknown strength", []facts.Dosage{{Dose: facts.Quantity{Value: "2", Unit: "capsule"},
			Timing: twice}}, "", false, "0", false},
		{"capsules of a solution", []facts.Dosage{{Dose: facts.Quantity{Value: "2", Unit: "capsule"}, Timing: twice}},
			"50", true, "0", false},
		{"mL", []facts.Dosage{{Dose: facts.Quantity{Value: "5", Unit: "mL"}, Timing: twice}}, "50", true, "500", true},
		{"mL of capsules", []facts.Dosage{{Dose: facts.Quantity{Value: "5", Unit: "mL"}, Timing: twice}}, "50", false,
			"0", false},
		{"no unit", []facts.Dosage{{Dose: facts.Quantity{Value: "300"}, Timing: day}}, "300", false, "0", false},
		{"puffs", []facts.Dosage{{Dose: facts.Quantity{Value: "2", Unit: "puff"}, Timing: day}}, "300", false, "0",
			false},
		{"no timing", []facts.Dosage{{Dose: mgOf("300")}}, "", false, "0", false},
		{"no dose", []facts.Dosage{{Timing: twice}}, "300", false, "0", false},
		{"maximum instead", []facts.Dosage{{Dose: mgOf("300"), MaxPerDay: facts.Ratio{Numerator: mgOf("900"),
			Denominator: facts.Quantity{Value: "1", Unit: "d"}}}}, "", false, "900", true},
		{"maximum a day, as 24 h", []facts.Dosage{{MaxPerDay: facts.Ratio{Numerator: facts.Quantity{Value: "6",
			Unit: "capsule"}, Denominator: facts.Quantity{Value: "24", Code: "h"}}}}, "300", false, "1800", true},
		{"maximum below", []facts.Dosage{{Dose: mgOf("300"), Timing: every(1, "4", "h"),
			MaxPerDay: facts.Ratio{Numerator: mgOf("900"), Denominator: facts.Quantity{Value: "1", Unit: "d"}}}}, "",
			false, "900", true},
		{"two at once", []facts.Dosage{{Dose: mgOf("300"), Timing: day}, {Dose: mgOf("600"), Timing: day}}, "", false,
			"900", true},
		{"one sequence", []facts.Dosage{{Dose: mgOf("300"), Timing: day, Sequence: 1}, {Dose: mgOf("600"), Timing: day,
			Sequence: 1}}, "", false, "900", true},
		{"taper", []facts.Dosage{{Dose: mgOf("300"), Timing: day, Sequence: 1}, {Dose: mgOf("600"), Timing: day,
			Sequence: 2}, {Dose: mgOf("100"), Timing: day, Sequence: 3}}, "", false, "600", true},
		{"taper with an unknown step", []facts.Dosage{{Timing: day, Sequence: 1}, {Dose: mgOf("600"), Timing: day,
			Sequence: 2}, {Dose: mgOf("100"), Timing: day, Sequence: 3}, {Dose: mgOf("50"), Timing: day, Sequence: 4}},
			"", false, "600", false},
		{"one of two unknown", []facts.Dosage{{Dose: mgOf("300"), Timing: day}, {Timing: day}}, "", false, "300",
			false},
		{"unknown after known", []facts.Dosage{{Timing: day}, {Dose: mgOf("300"), Timing: day}}, "", false, "300",
			false},
		{"over", []facts.Dosage{{Dose: mgOf("900"), Timing: day, Bounds: period("2026-10-01", "2026-10-31")},
			{Dose: mgOf("300"), Timing: day, Bounds: period("2026-11-01", "")}}, "", false, "300", true},
		{"later step", []facts.Dosage{{Dose: mgOf("300"), Timing: day, Bounds: period("", "2026-11-30")},
			{Dose: mgOf("600"), Timing: day, Bounds: period("2026-12-01", "")}}, "", false, "600", true},
		{"ends today", []facts.Dosage{{Dose: mgOf("300"), Timing: day, Bounds: period("", "2026-11-23")}}, "", false,
			"300", true},
		{"ended yesterday", []facts.Dosage{{Dose: mgOf("300"), Timing: day, Bounds: period("", "2026-11-22")}}, "",
			false, "0", false},
		{"hostile", []facts.Dosage{{Dose: mgOf("1e999999999"), Timing: day}}, "", false, "0", false},
		{"negative", []facts.Dosage{{Dose: mgOf("-300"), Timing: day}}, "", false, "0", false},
	} {
		o := doseOrder{Order: &facts.Order{Dosages: c.dosages}, Strength: c.strength, PerML: c.perML}
		d := o.daily(time.UTC, labAsOf)
		if d.mg.String() != c.want || d.complete != c.complete {
			t.Errorf("%s: %s mg complete %v, want %s %v", c.name, d.mg, d.complete, c.want, c.complete)
		}
	}
}

func TestTotalDose(t *testing.T) {
	order := func(kind facts.OrderKind, mg string) doseOrder {
		o := doseOrder{Order: &facts.Order{Kind: kind, Dosages: []facts.Dosage{{Timing: every(1, "1", "d")}}}}
		if mg != "" {
			o.Order.Dosages[0].Dose = mgOf(mg)
		}
		return o
	}
	for _, c := range []struct {
		name     string
		orders   []doseOrder
		want     string
		complete bool
	}{
		{"two requests add up", []doseOrder{order(facts.Request, "300"), order(facts.Request, "600")}, "900", true},
		{"request and its dispense", []doseOrder{order(facts.Request, "300"), order(facts.Dispense, "300")}, "300",
			true},
		{"two dispenses follow one another", []doseOrder{order(facts.Dispense, "300"), order(facts.Dispense, "400")},
			"400", true},
		{"patient takes more than ordered", []doseOrder{order(facts.Request, "300"), order(facts.Statement, "900")},
			"900", true},
		{"dispense knows what the request does not", []doseOrder{order(facts.Request, ""),
			order(facts.Dispense, "300")}, "300", true},
		{"one request unknown", []doseOrder{order(facts.Request, "300"), order(facts.Request, "")}, "300", false},
	} {
		d := totalDose(c.orders, time.UTC, labAsOf)
		if d.mg.String() != c.want || d.complete != c.complete {
			t.Errorf("%s: %s complete %v, want %s %v", c.name, d.mg, d.complete, c.want, c.complete)
		}
	}
}

// However a daily dose is split over dosages and orders, and whatever their order, the total is the
// same.
func TestDoseDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		sum := 0
		var orders []doseOrder
		for range n {
			mg, times := rapid.IntRange(1, 900).Draw(t, "mg"), rapid.IntRange(1, 4).Draw(t, "times")
			sum += mg * times
			d := facts.Dosage{Dose: mgOf(fmt.Sprint(mg)), Timing: every(times, "1", "d")}
			if len(orders) > 0 && rapid.Bool().Draw(t, "same order") {
				orders[0].Order.Dosages = append(orders[0].Order.Dosages, d)
			} else {
				orders = append(orders, doseOrder{Order: &facts.Order{Dosages: []facts.Dosage{d}}})
			}
		}
		d := totalDose(rapid.Permutation(orders).Draw(t, "order"), time.UTC, labAsOf)
		if d.mg.Cmp(decimal.Int(sum)) != 0 || !d.complete {
			t.Fatalf("%s mg complete %v, want %d", d.mg, d.complete, sum)
		}
	})
}
