package checks

import (
	"fmt"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/terms"
	"pgregory.net/rapid"
)

func mgOf(v string) Quantity { return Quantity{Value: v, Unit: "mg", Code: "mg", System: terms.UCUM} }

func every(frequency int, period, unit string) Timing {
	return Timing{Frequency: frequency, Period: period, PeriodUnit: unit}
}

func TestRateOf(t *testing.T) {
	for _, c := range []struct {
		name   string
		timing Timing
		want   string // times in 84 days; "" unknown
	}{
		{"nothing", Timing{}, ""},
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
		{"morning, noon and evening", Timing{When: 3}, "252"},
		{"two times of day within one day", Timing{TimesOfDay: 2, Frequency: 1, Period: "1", PeriodUnit: "d"}, "168"},
		{"three days of the week", Timing{Frequency: 1, Period: "1", PeriodUnit: "d", DaysOfWeek: 3}, "36"},
		{"three a week on three days", Timing{Frequency: 3, Period: "1", PeriodUnit: "wk", DaysOfWeek: 3}, "36"},
		{"days of the week alone", Timing{DaysOfWeek: 7}, "84"},
		{"BID", Timing{Code: "BID"}, "168"},
		{"b.i.d.", Timing{Code: "b.i.d."}, "168"},
		{"TID", Timing{Code: "TID"}, "252"},
		{"QHS", Timing{Code: "QHS"}, "84"},
		{"QOD", Timing{Code: "QOD"}, "42"},
		{"Q8H", Timing{Code: "Q8H"}, "252"},
		{"Q12H", Timing{Code: "Q12H"}, "168"},
		{"Q3D", Timing{Code: "Q3D"}, "28"},
		{"Q0H", Timing{Code: "Q0H"}, ""},
		{"unknown code", Timing{Code: "QUX"}, ""},
		{"a single dose", Timing{Count: 1}, "84"},
		{"a single dose, in words too", Timing{Count: 1, Code: "once"}, "84"},
		{"several events", Timing{Events: 2}, ""},
	} {
		got := ""
		if r, ok := rateOf(&c.timing); ok {
			got = r.times.times(decimalInt(84)).over(r.days).String()
		}
		if got != c.want {
			t.Errorf("%s: %q times in 84 days, want %q", c.name, got, c.want)
		}
	}
}

func TestDailyDose(t *testing.T) {
	day := every(1, "1", "d")
	twice := every(2, "1", "d")
	period := func(from, to string) Period { return Period{Start: labTime(t, from), End: labTime(t, to)} }
	for _, c := range []struct {
		name     string
		dosages  []Dosage
		strength string
		perML    bool
		want     string
		complete bool
	}{
		{"none", nil, "", false, "0", false},
		{"mg", []Dosage{{Dose: mgOf("150"), Timing: every(3, "1", "d")}}, "", false, "450", true},
		{"g", []Dosage{{Dose: Quantity{Value: "0.6", Unit: "g"}, Timing: twice}}, "", false, "1200", true},
		{"micrograms", []Dosage{{Dose: Quantity{Value: "500", Unit: "µg"}, Timing: twice}}, "", false, "1", true},
		{"capsules", []Dosage{{Dose: Quantity{Value: "2", Unit: "capsule", Code: "CAP", System: "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm"}, Timing: twice}}, "150", false, "600", true},
		{"Tabletten", []Dosage{{Dose: Quantity{Value: "0.5", Unit: "Tabletten"}, Timing: day}}, "75", false, "37.5", true},
		{"annotation", []Dosage{{Dose: Quantity{Value: "1", Unit: "Kapsel", Code: "{capsule}", System: terms.UCUM}, Timing: day}}, "75", false, "75", true},
		{"capsules of unknown strength", []Dosage{{Dose: Quantity{Value: "2", Unit: "capsule"}, Timing: twice}}, "", false, "0", false},
		{"capsules of a solution", []Dosage{{Dose: Quantity{Value: "2", Unit: "capsule"}, Timing: twice}}, "50", true, "0", false},
		{"mL", []Dosage{{Dose: Quantity{Value: "5", Unit: "mL"}, Timing: twice}}, "50", true, "500", true},
		{"mL of capsules", []Dosage{{Dose: Quantity{Value: "5", Unit: "mL"}, Timing: twice}}, "50", false, "0", false},
		{"no unit", []Dosage{{Dose: Quantity{Value: "300"}, Timing: day}}, "300", false, "0", false},
		{"puffs", []Dosage{{Dose: Quantity{Value: "2", Unit: "puff"}, Timing: day}}, "300", false, "0", false},
		{"no timing", []Dosage{{Dose: mgOf("300")}}, "", false, "0", false},
		{"no dose", []Dosage{{Timing: twice}}, "300", false, "0", false},
		{"maximum instead", []Dosage{{Dose: mgOf("300"), MaxPerDay: Ratio{Numerator: mgOf("900"), Denominator: Quantity{Value: "1", Unit: "d"}}}}, "", false, "900", true},
		{"maximum a day, as 24 h", []Dosage{{MaxPerDay: Ratio{Numerator: Quantity{Value: "6", Unit: "capsule"}, Denominator: Quantity{Value: "24", Code: "h"}}}}, "300", false, "1800", true},
		{"maximum below", []Dosage{{Dose: mgOf("300"), Timing: every(1, "4", "h"), MaxPerDay: Ratio{Numerator: mgOf("900"), Denominator: Quantity{Value: "1", Unit: "d"}}}}, "", false, "900", true},
		{"two at once", []Dosage{{Dose: mgOf("300"), Timing: day}, {Dose: mgOf("600"), Timing: day}}, "", false, "900", true},
		{"one sequence", []Dosage{{Dose: mgOf("300"), Timing: day, Sequence: 1}, {Dose: mgOf("600"), Timing: day, Sequence: 1}}, "", false, "900", true},
		{"taper", []Dosage{{Dose: mgOf("300"), Timing: day, Sequence: 1}, {Dose: mgOf("600"), Timing: day, Sequence: 2}, {Dose: mgOf("100"), Timing: day, Sequence: 3}}, "", false, "600", true},
		{"taper with an unknown step", []Dosage{{Timing: day, Sequence: 1}, {Dose: mgOf("600"), Timing: day, Sequence: 2}, {Dose: mgOf("100"), Timing: day, Sequence: 3}, {Dose: mgOf("50"), Timing: day, Sequence: 4}}, "", false, "600", false},
		{"one of two unknown", []Dosage{{Dose: mgOf("300"), Timing: day}, {Timing: day}}, "", false, "300", false},
		{"unknown after known", []Dosage{{Timing: day}, {Dose: mgOf("300"), Timing: day}}, "", false, "300", false},
		{"over", []Dosage{{Dose: mgOf("900"), Timing: day, Bounds: period("2026-10-01", "2026-10-31")}, {Dose: mgOf("300"), Timing: day, Bounds: period("2026-11-01", "")}}, "", false, "300", true},
		{"later step", []Dosage{{Dose: mgOf("300"), Timing: day, Bounds: period("", "2026-11-30")}, {Dose: mgOf("600"), Timing: day, Bounds: period("2026-12-01", "")}}, "", false, "600", true},
		{"ends today", []Dosage{{Dose: mgOf("300"), Timing: day, Bounds: period("", "2026-11-23")}}, "", false, "300", true},
		{"ended yesterday", []Dosage{{Dose: mgOf("300"), Timing: day, Bounds: period("", "2026-11-22")}}, "", false, "0", false},
		{"hostile", []Dosage{{Dose: mgOf("1e999999999"), Timing: day}}, "", false, "0", false},
		{"negative", []Dosage{{Dose: mgOf("-300"), Timing: day}}, "", false, "0", false},
	} {
		o := doseOrder{Order: &Order{Dosages: c.dosages}, Strength: c.strength, PerML: c.perML}
		d := o.daily(time.UTC, labAsOf)
		if d.mg.String() != c.want || d.complete != c.complete {
			t.Errorf("%s: %s mg complete %v, want %s %v", c.name, d.mg, d.complete, c.want, c.complete)
		}
	}
}

func TestTotalDose(t *testing.T) {
	order := func(kind OrderKind, mg string) doseOrder {
		o := doseOrder{Order: &Order{Kind: kind, Dosages: []Dosage{{Timing: every(1, "1", "d")}}}}
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
		{"two requests add up", []doseOrder{order(Request, "300"), order(Request, "600")}, "900", true},
		{"request and its dispense", []doseOrder{order(Request, "300"), order(Dispense, "300")}, "300", true},
		{"two dispenses follow one another", []doseOrder{order(Dispense, "300"), order(Dispense, "400")}, "400", true},
		{"patient takes more than ordered", []doseOrder{order(Request, "300"), order(Statement, "900")}, "900", true},
		{"dispense knows what the request does not", []doseOrder{order(Request, ""), order(Dispense, "300")}, "300", true},
		{"one request unknown", []doseOrder{order(Request, "300"), order(Request, "")}, "300", false},
	} {
		d := totalDose(c.orders, time.UTC, labAsOf)
		if d.mg.String() != c.want || d.complete != c.complete {
			t.Errorf("%s: %s complete %v, want %s %v", c.name, d.mg, d.complete, c.want, c.complete)
		}
	}
}

// However a daily dose is split over dosages and orders, and in whatever order they come, it adds up to the same.
func TestDoseDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		sum := 0
		var orders []doseOrder
		for range n {
			mg, times := rapid.IntRange(1, 900).Draw(t, "mg"), rapid.IntRange(1, 4).Draw(t, "times")
			sum += mg * times
			d := Dosage{Dose: mgOf(fmt.Sprint(mg)), Timing: every(times, "1", "d")}
			if len(orders) > 0 && rapid.Bool().Draw(t, "same order") {
				orders[0].Order.Dosages = append(orders[0].Order.Dosages, d)
			} else {
				orders = append(orders, doseOrder{Order: &Order{Dosages: []Dosage{d}}})
			}
		}
		d := totalDose(rapid.Permutation(orders).Draw(t, "order"), time.UTC, labAsOf)
		if d.mg.Cmp(decimalInt(sum)) != 0 || !d.complete {
			t.Fatalf("%s mg complete %v, want %d", d.mg, d.complete, sum)
		}
	})
}
