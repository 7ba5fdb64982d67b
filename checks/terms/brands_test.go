package terms

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/names"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// TestBrandsFollowProducts compares brands.tsv with products.tsv. After a change of products.tsv or
// names.tsv, run with -update.
func TestBrandsFollowProducts(t *testing.T) {
	header, _, _ := strings.Cut(data.Brands, "\n")
	want := header + "\n" + strings.Join(brandLines(), "\n") + "\n"
	if *update {
		if err := os.WriteFile("data/brands.tsv", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != data.Brands {
		t.Error(
			"brands.tsv does not say what products.tsv says: run go test ./checks/terms -run " +
				"TestBrandsFollowProducts -update",
		)
	}
}

// brandLines derives the rows of brands.tsv: brands found only inside product names, with all
// ingredients of those products, and where these act if they agree.
func brandLines() []string {
	brands := map[string]*product{}
	for line := range data.Rows(data.Products) {
		p := parseProduct(line)
		name := brandOf(p)
		key := phrase.Key(name)
		if name == "" || isNamed(key) {
			continue
		}
		b := brands[key]
		if b == nil {
			b = &product{name: name}
			brands[key] = b
		}
		for drug := range data.Values(p.ingredients) {
			if !slices.Contains(strings.Split(b.ingredients, "|"), drug) {
				b.ingredients = strings.TrimPrefix(b.ingredients+"|"+drug, "|")
			}
		}
		switch {
		case p.systemic == "unknown", p.systemic == b.systemic:
		case b.systemic == "":
			b.systemic = p.systemic
		default:
			b.systemic = "differs"
		}
	}
	lines := []string{}
	for key, b := range brands {
		if b.systemic == "" || b.systemic == "differs" {
			b.systemic = "unknown"
		}
		lines = append(lines, strings.Join([]string{key, b.name, b.ingredients, b.systemic}, "\t"))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(data.Field(a, 0), data.Field(b, 0)) })
	return lines
}

var reformulated = regexp.MustCompile(` Reformulated \w+ \d{4}$`)

// brandOf is the brand of a branded product, component or pack, without RxNorm's note on an older
// composition.
func brandOf(p product) string {
	if !slices.Contains([]string{"SBD", "SBDC", "BPCK"}, p.kind) {
		return ""
	}
	i := strings.LastIndexByte(p.name, '[')
	return reformulated.ReplaceAllString(strings.TrimSuffix(p.name[i+1:], "]"), "")
}

func isNamed(key string) bool {
	if line := data.LineAt(data.Names, data.Search(data.Names,
		func(k string) int { return strings.Compare(k, key) })); data.Field(
		line,
		0,
	) == key {
		return true
	}
	_, found := slices.BinarySearchFunc(
		names.MoreNames(),
		key,
		func(e names.Entry, key string) int { return strings.Compare(e.Key, key) },
	)
	return found
}

// A brand inside product names is a name, with all its ingredients, and acts where its products do.
func TestBrandsInsideProductNames(t *testing.T) {
	for _, c := range []struct{ text, want, systemic string }{
		{"Serpasil 0.25 mg", "reserpine 0.25", "yes"},
		{"MERIDIA", "sibutramine", "yes"},
		{"Dromoran", "levorphanol", "yes"},
		{"Soma Compound with Codeine", "carisoprodol + codeine", "yes"},
		{"Fiorinal with codeine", "butalbital + codeine", "yes"},
		{"Synalgos-DC", "dihydrocodeine", "yes"},
		{"Percodan", "oxycodone", "yes"},
		{"Tussionex", "chlorpheniramine + hydrocodone", "unknown"},
		{"Tussionex PennKinetic", "chlorpheniramine + hydrocodone", "yes"},
		{"Histex HC", "carbinoxamine + hydrocodone", "yes"},
		{"Dymista", "azelastine", "no"},
		{"HC Derma Pax", "diphenhydramine", "no"},
		{"Lastacaft", "alcaftadine", "no"},
		{"Diphen", "diphenhydramine (?)", "unknown"},
		{"DIPHEN/ATROP 2.5 MG", "", "unknown"},
	} {
		m := Embedded().Classify(nil, []string{c.text})
		if got := drugsIn(m); got != c.want || m.Systemic.String() != c.systemic {
			t.Errorf("%s: %q systemic %s, want %q %s", c.text, got, m.Systemic, c.want, c.systemic)
		}
	}
}

// A brand means every ingredient that all its products contain.
func TestBrandsHoldWhatAllTheirProductsHold(t *testing.T) {
	common := map[string][]string{}
	for line := range data.Rows(data.Products) {
		p := parseProduct(line)
		brand := brandOf(p)
		if p.kind == "BN" {
			brand = p.name
		}
		if brand == "" {
			continue
		}
		held, known := common[brand]
		if !known {
			held = strings.Split(p.ingredients, "|")
		}
		common[brand] = slices.DeleteFunc(
			held,
			func(drug string) bool { return !slices.Contains(strings.Split(p.ingredients, "|"), drug) },
		)
	}
	elsewhere := map[string]bool{"Sominex": true, "Triferic": true} // promethazine in the UK; one concept of two rows
	for brand, held := range common {
		m := Embedded().Classify(nil, []string{brand})
		for _, drug := range held {
			if !elsewhere[brand] && !holds(m.Found, drugs.Named(drug)) {
				t.Errorf("%s: %s not found, only %s", brand, drug, nameList(m.Found))
			}
		}
	}
}
