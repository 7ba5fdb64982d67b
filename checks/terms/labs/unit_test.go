package labs

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// spellings change how a unit is written, but not what it means.
var spellings = map[string]func(string) string{
	"capitals":      strings.ToUpper,
	"small letters": strings.ToLower,
	"blanks":        func(s string) string { return " " + strings.Join(strings.Split(s, "/"), " / ") + "\u00a0" },
	"micro sign":    func(s string) string { return strings.Replace(s, "ug", "µg", 1) },
	"greek mu":      func(s string) string { return strings.Replace(s, "um", "μm", 1) },
	"mcg":           func(s string) string { return strings.Replace(s, "ug", "mcg", 1) },
	"one sign": func(s string) string {
		return strings.NewReplacer("mg", "㎎", "ug", "㎍", "dL", "㎗", "mL", "㎖", "m2", "㎡").Replace(s)
	},
	"per 100 mL":    func(s string) string { return strings.Replace(s, "/dL", "/100mL", 1) },
	"annotated":     func(s string) string { return s + "{serum}" },
	"a power":       func(s string) string { return strings.Replace(s, "m2", "m²", 1) },
	"a power, ^":    func(s string) string { return strings.Replace(s, "m2", "m^2", 1) },
	"decimal comma": func(s string) string { return strings.Replace(s, "1.73", "1,73", 1) },
	"full width": func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > ' ' && r <= '~' {
				return r - '!' + 0xFF01
			}
			return r
		}, s)
	},
}

// Every unit of the table has its factor in any spelling, unless another unit of the row has the
// same letters.
func TestUnitsInAnySpelling(t *testing.T) {
	var names []string
	for name := range spellings {
		names = append(names, name)
	}
	var rows []*Lab
	for _, lab := range Labs() {
		if len(lab.Units) > 0 {
			rows = append(rows, lab)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		lab := rapid.SampledFrom(rows).Draw(t, "row")
		unit := rapid.SampledFrom(lab.Units).Draw(t, "unit")
		spelled := unit.Unit
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID).Draw(t, "spellings") {
			spelled = spellings[name](spelled)
		}
		for _, other := range lab.Units {
			if other.Unit == spelled {
				unit = other // exactly another unit of the table
			}
		}
		if got, ok := lab.Factor(spelled); !ok || got != unit.Factor {
			t.Fatalf("%s: %q is %q, %v; want %s as for %q", lab.LOINC, spelled, got, ok, unit.Factor, unit.Unit)
		}
	})
}

func TestUnitsThatMeanSomethingElse(t *testing.T) {
	egfr, _ := Find("33914-3")
	ferritin, _ := Find("2276-4")
	weight, _ := Find("29463-7")
	tsat, _ := Find("2502-3")
	for _, c := range []struct {
		lab   *Lab
		units string // separated by |
		want  string // factor, "" for unknown
	}{
		{egfr, "mL/min/1.73 m2|ml/min/1,73m²|mL/min/1.73m^2|mL/min/1.73|mL/min/1.73.m2|ml/min per 1.73 " +
			"m2|mL/min/1.73 sq. " +
			"m|ml/mn/1.73m2|mL/min/1.73m(2)|mL/min/{1.73_M2}|ML/MIN/1.73M*2|mL/min/[1.73_m2]|mL·min⁻¹·1.73 m⁻²", "1"},
		{egfr, "mL/min/m2|mL/s/1.73m2|L/min/1.73m2|mL/h|1.73m2|mL/min/1.37m2|%", ""},
		{ferritin, "NG/ML|ng/mL{ferr}|ng/㎖|mcg/L|ｎｇ／ｍＬ", "1"}, {ferritin, "MG/L|mg/l", "1000"},
		{ferritin, "ng|mL|pg/mL|{ng/mL}|IU/L|ng/mL/d|", ""},
		{weight, "lb|lbs|LB|[lb_av]|[LB_AV]", "0.45359237"}, {weight, "KG|Kg", "1"}, {weight, "stone|lbf", ""},
		{tsat, "percent|Percent|% saturation|％|%{sat}", "1"}, {tsat, "{ratio}|{RATIO}|1", "100"},
		{tsat, "{something}|ratio%", ""},
	} {
		for _, unit := range strings.Split(c.units, "|") {
			if got, ok := c.lab.Factor(unit); got != c.want || ok != (c.want != "") {
				t.Errorf("%s in %q: %q, %v; want %q", c.lab.Analyte, unit, got, ok, c.want)
			}
		}
	}
}

func TestTimeUnits(t *testing.T) {
	for want, texts := range map[string]string{
		"d":  "d|D|day|Days|DAYS|day(s)|Tage|Tag(e)|días|Día|jours|dagen|日|{days}|dager",
		"wk": "Wochen|weeks|WK|semanas|週間",
		"mo": "Monate|months|mo|MO|mois", "h": "Stunden|H|hours|時間", "a": "Jahre|years|años", "min": "min|Minuten",
		"s": "s|Sekunden",
		"":  "|mg|tablet|Tagesdosis|{tbl}|258703001|x",
	} {
		for _, text := range strings.Split(texts, "|") {
			if got := TimeUnit(text); got != want {
				t.Errorf("%q is %q, want %q", text, got, want)
			}
		}
	}
}
