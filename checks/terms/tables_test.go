package terms

import (
	"flag"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/terms/names"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

var update = flag.Bool("update", false, "rewrite the keys and the order of data/names.tsv")

// TestNamesAreSorted keeps names.tsv in searchable form. After adding rows, run with -update.
func TestNamesAreSorted(t *testing.T) {
	header, _, _ := strings.Cut(data.Names, "\n")
	lines := []string{}
	for line := range data.Rows(data.Names) {
		fields := strings.Split(line, "\t")
		if len(fields) != 6 && (len(fields) != 7 || fields[6] == "") {
			t.Fatalf("%d fields: %q", len(fields), line)
		}
		fields[0] = phrase.Key(fields[1])
		lines = append(lines, strings.Join(fields, "\t"))
	}
	slices.SortFunc(lines, func(a, b string) int {
		return strings.Compare(data.Field(a, 0)+"\t"+a,
			data.Field(b, 0)+"\t"+b)
	})
	lines = slices.CompactFunc(lines, func(a, b string) bool {
		if data.Field(a, 0) == data.Field(b, 0) && data.Field(a, 2) != data.Field(b, 2) {
			t.Errorf("one key, two drugs:\n%s\n%s", a, b)
		}
		return data.Field(a, 0) == data.Field(b, 0)
	})
	want := header + "\n" + strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile("data/names.tsv", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != data.Names {
		t.Error(
			"names.tsv is out of order or a key is wrong: run go test ./checks/terms -run TestNamesAreSorted -update",
		)
	}
}

func TestProductsAreSorted(t *testing.T) {
	last := ""
	for line := range data.Rows(data.Products) {
		p := parseProduct(line)
		if last != "" && compareNumbers(last, p.rxcui) >= 0 {
			t.Errorf("%s after %s", p.rxcui, last)
		}
		last = p.rxcui
		if got, ok := findProduct(p.rxcui); !ok || got != p {
			t.Errorf("product %s is not found where it stands", p.rxcui)
		}
	}
}

var classes = []drugs.Class{
	drugs.SSRI, drugs.SerotoninModulator, drugs.SNRI, drugs.Tricyclic, drugs.Tetracyclic, drugs.AntidepressantOther,
	drugs.AntidepressantAlternative, drugs.MAOI, drugs.Lithium,
	drugs.AntipsychoticTypical, drugs.AntipsychoticAtypical, drugs.AntipsychoticNondopaminerg,
	drugs.AntihistamineSedating, drugs.AntihistamineNonsedating,
	drugs.DopamineAntagonistAntiemet, drugs.DopamineAntagonistOther, drugs.DopamineDepleter,
	drugs.AntiemeticAlternative, drugs.Alpha2Delta, drugs.DopamineAgonist,
	drugs.DopaminePrecursor, drugs.IronOral, drugs.IronIV, drugs.Opioid, drugs.Benzodiazepine, drugs.ZHypnotic,
	drugs.Barbiturate, drugs.MuscleRelaxant, drugs.CNSDepressantOther,
	drugs.RLSContraindicated,
}

func TestTablesReferToKnownIngredients(t *testing.T) {
	known := func(where, list string) {
		t.Helper()
		if list == "" {
			t.Errorf("%s: no ingredient", where)
		}
		for name := range data.Values(list) {
			if drugs.Named(name) == nil {
				t.Errorf("%s: no ingredient %q", where, name)
			}
		}
	}
	for line := range data.Rows(data.Names) {
		known("names.tsv "+data.Field(line, 1), data.Field(line, 2))
	}
	for line := range data.Rows(data.Products) {
		known("products.tsv "+data.Field(line, 0), data.Field(line, 3))
	}
	for line := range data.Rows(data.ATC) {
		known("atc.tsv", data.Field(line, 0))
		for code := range data.Values(data.Field(line, 1) + "|" + data.Field(line, 2)) {
			if !wellFormedATC(code) {
				t.Errorf("atc.tsv: %s of %s has not the shape of an ATC code", code, data.Field(line, 0))
			}
		}
	}
}

func TestIngredientsAreWellFormed(t *testing.T) {
	for line := range data.Rows(data.Ingredients) {
		name := data.Field(line, 0)
		if !slices.Contains(classes, drugs.Class(data.Field(line, 1))) {
			t.Errorf("%s: class %q", name, data.Field(line, 1))
		}
		if !slices.Contains([]string{"yes", "low", "no"}, data.Field(line, 2)) {
			t.Errorf("%s: central %q", name, data.Field(line, 2))
		}
		for code := range data.Values(data.Field(line, 4) + "|" + data.Field(line, 5)) {
			if !wellFormedRxNorm(code) {
				t.Errorf("%s: RxNorm %q", name, code)
			}
			if _, ok := findProduct(code); ok {
				t.Errorf("%s: %s is a product too", name, code)
			}
		}
	}
}

func TestLookalikesAreNoNames(t *testing.T) {
	for line := range data.Rows(data.Lookalikes) {
		name := data.Field(line, 0)
		for _, text := range []string{name, strings.ToUpper(name), name + " 25 mg", "Tab. " + name} {
			if m := Embedded().Classify(nil, []string{text}); len(m.Found) > 0 {
				t.Errorf("%q means %s by %s", text, m.Found[0].Name, m.Matched)
			}
		}
	}
}

func TestLabLimitsAreOrdered(t *testing.T) {
	for line := range data.Rows(data.Labs) {
		lab := labs.ParseLab(line)
		if lab.Analyte == labs.None && lab.Use != labs.Exclude {
			t.Errorf("%s: analyte %q", lab.LOINC, data.Field(line, 1))
		}
		if _, ok := labs.LabUses[data.Field(line, 4)]; !ok {
			t.Errorf("%s: use %q", lab.LOINC, data.Field(line, 4))
		}
		limits := []string{lab.HardLow, lab.SoftLow, lab.SoftHigh, lab.HardHigh}
		if slices.Equal(limits, []string{"", "", "", ""}) {
			continue
		}
		var last *big.Rat
		for _, limit := range limits {
			value, ok := new(big.Rat).SetString(limit)
			if !ok {
				t.Errorf("%s: limit %q", lab.LOINC, limit)
				continue
			}
			if last != nil && last.Cmp(value) > 0 {
				t.Errorf("%s: limits %v are not in order", lab.LOINC, limits)
			}
			last = value
		}
	}
}

func TestLabUnitsHoldTheirOwn(t *testing.T) {
	for code, lab := range labs.Labs() {
		for _, u := range lab.Units {
			if value, ok := new(big.Rat).SetString(u.Factor); !ok || value.Sign() <= 0 {
				t.Errorf("%s: factor %q of %s", code, u.Factor, u.Unit)
			}
		}
		if lab.Use != labs.Evaluate && lab.Use != labs.EvaluateWithNote {
			continue
		}
		if f, ok := lab.Factor(lab.CanonicalUnit); !ok || f != "1" {
			t.Errorf("%s: canonical unit %s has factor %q", code, lab.CanonicalUnit, f)
		}
		if _, ok := lab.Factor(lab.ExpectedUnit); !ok {
			t.Errorf("%s: expected unit %s has no factor", code, lab.ExpectedUnit)
		}
	}
}

func TestFormsAreWellFormed(t *testing.T) {
	for line := range data.Rows(data.Forms) {
		if s := drugs.ParseSystemic(data.Field(line, 2)); s != drugs.SystemicYes && s != drugs.SystemicNo &&
			s != drugs.SystemicDepends {
			t.Errorf("%s: systemic %q", data.Field(line, 0), data.Field(line, 2))
		}
		if w := data.Field(line, 3); w != "strong" && w != "weak" {
			t.Errorf("%s: weight %q", data.Field(line, 0), w)
		}
		if n := len(phrase.Of(data.Field(line, 0)).Tokens); n == 0 {
			t.Errorf("%s: %d words", data.Field(line, 0), n)
		}
	}
	for line := range data.Rows(data.Routes) {
		if drugs.ParseSystemic(data.Field(line, 3)) == drugs.SystemicUnknown || codes.Canonical(data.Field(line,
			0)) != data.Field(line, 0) {
			t.Errorf("routes.tsv: %s", line)
		}
	}
}

// Words for dose forms are never drug names: the two tables read the same text.
func TestFormsAreNoNames(t *testing.T) {
	for line := range data.Rows(data.Forms) {
		if m := Embedded().Classify(nil, []string{data.Field(line, 0)}); len(m.Found) > 0 || m.Identified {
			t.Errorf("%q: found %v, identified %t", data.Field(line, 0), m.Matched, m.Identified)
		}
	}
	for line := range data.Rows(data.Placeholders) {
		if m := Embedded().Classify(nil, []string{line}); len(m.Found) > 0 || m.Identified {
			t.Errorf("%q: found %v, identified %t", line, m.Matched, m.Identified)
		}
	}
}

func TestEveryBrandIsFoundByItsName(t *testing.T) {
	n := 0
	for line := range names.Brands() {
		n++
		p := parseProduct(line)
		m := Embedded().Classify(nil, []string{p.name})
		want := drugs.List(p.ingredients)
		for _, drug := range want {
			if !holds(m.Found, drug) && m.Table != data.NamesFile {
				t.Errorf("%s: %s not found (by %s in %s)", p.name, drug.Name, m.Matched, m.Table)
			}
		}
	}
	if n < 400 {
		t.Errorf("%d brands", n)
	}
}

// Every name of the table is found by itself, and means what its row says.
func TestEveryNameIsFoundByItself(t *testing.T) {
	for line := range data.Rows(data.Names) {
		name := data.Field(line, 1)
		if strings.HasPrefix(data.Field(line, 5), "only_with_form") {
			name += " 50 mg"
		}
		m := Embedded().Classify(nil, []string{name})
		var got []*drugs.Ingredient
		for _, f := range m.Found {
			got = append(got, f.Ingredient)
		}
		if want := drugs.List(data.Field(line, 2)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %s", data.Field(line, 1), nameList(m.Found), data.Field(line, 2))
		}
	}
}
