package rrf

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// actsWhere tells whether a concept brings one of its ingredients into the body, and by which route group. Brands, ingredients,
// combinations and components have no form and tell neither.
func (d *derivation) actsWhere(at int32, drug *terms.Ingredient) (terms.Systemic, string) {
	c := &d.concepts[at]
	switch {
	case c.kind.pack():
		return d.packActsWhere(at, drug)
	case !c.kind.formed():
		return terms.SystemicUnknown, ""
	}
	systemic, route := formOf(d.doseForm(at))
	switch {
	case systemic == terms.SystemicDepends:
		systemic = drug.Nasal()
	case systemic == terms.SystemicNo && route == "topical" && drug.Name == "doxepin":
		systemic = terms.SystemicLowAbsorbed // rules.md R16: enough of the cream is absorbed to sedate
	}
	return systemic, route
}

// packActsWhere joins what the products of a pack tell that hold the ingredient; where they differ it is not known.
func (d *derivation) packActsWhere(at int32, drug *terms.Ingredient) (systemic terms.Systemic, route string) {
	first := true
	for _, e := range d.best(at) {
		if !holds(d.drugsOf(e.part), drug) {
			continue
		}
		s, r := d.actsWhere(e.part, drug)
		if !first && s != systemic {
			s = terms.SystemicUnknown
		}
		if !first && r != route {
			r = ""
		}
		systemic, route, first = s, r, false
	}
	if first { // withdrawn, without relations
		return formOf(d.concepts[at].name)
	}
	return systemic, route
}

func holds(all drugs, drug *terms.Ingredient) bool {
	for _, known := range all {
		if known == drug {
			return true
		}
	}
	return false
}

// doseForm is the dose form, or the group of them, that a concept has; in its name when no relation tells it.
func (d *derivation) doseForm(at int32) string {
	for _, e := range d.parts(at) {
		if e.trust == byDoseForm {
			return d.concepts[e.part].name
		}
	}
	name, _, _ := strings.Cut(d.concepts[at].name, " [")
	return name
}

// formOf reads a dose form by the words that the tables have for forms, and gives it the route group of products.tsv.
func formOf(form string) (terms.Systemic, string) {
	for _, own := range ownForms {
		if strings.Contains(form, own.words) {
			return own.systemic, own.group
		}
	}
	systemic, route := terms.Embedded().Route(nil, []string{form})
	if group, ok := routeGroups[route]; ok {
		route = group
	}
	return systemic, route
}

// ownForms are dose forms and groups of RxNorm whose words say something else in a medication text, or nothing.
var ownForms = []struct {
	words    string
	systemic terms.Systemic
	group    string
}{
	{"Sublingual", terms.SystemicYes, "sublingual_buccal"}, {"Buccal", terms.SystemicYes, "sublingual_buccal"},
	{"Oral Film", terms.SystemicYes, "sublingual_buccal"}, {"Oral Lozenge", terms.SystemicYes, "sublingual_buccal"},
	{"Oral Spray", terms.SystemicYes, "sublingual_buccal"}, {"Nasal", terms.SystemicDepends, "nasal"},
	{"Inhalant Product", terms.SystemicYes, "inhalation"}, {"Granule Product", terms.SystemicYes, "oral"},
	{"Chewing Gum", terms.SystemicYes, "oral"}, {"Soap", terms.SystemicNo, "topical"}, {"Medicated Pad", terms.SystemicNo, "topical"},
}

// routeGroups are the groups of products.tsv for routes that go by another name.
var routeGroups = map[string]string{
	"injection": "injectable", "intravenous": "injectable", "intramuscular": "injectable", "subcutaneous": "injectable", "implant": "injectable",
	"buccal": "sublingual_buccal", "sublingual": "sublingual_buccal", "cutaneous": "topical",
}

// localBrands are the brands whose every product acts in no body: a brand that is sold as a cream only needs no route to be one.
func (d *derivation) localBrands() map[int32]bool {
	local := map[int32]bool{}
	for _, e := range d.edges {
		if e.trust != byBrand || !d.concepts[e.whole].kind.formed() {
			continue
		}
		only, seen := local[e.part]
		local[e.part] = (only || !seen) && d.isLocal(e.whole)
	}
	return local
}

func (d *derivation) isLocal(at int32) bool {
	for _, drug := range d.drugsOf(at) {
		if systemic, _ := d.actsWhere(at, drug); systemic != terms.SystemicNo {
			return false
		}
	}
	return len(d.drugsOf(at)) > 0
}
