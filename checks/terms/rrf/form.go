package rrf

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/forms"
)

// actsWhere reports whether a concept delivers one of its ingredients systemically, and by which
// route group. Brands, ingredients, combinations and components have no form and state neither.
func (d *derivation) actsWhere(at int32, drug *drugs.Ingredient) (drugs.Systemic, string) {
	c := &d.concepts[at]
	switch {
	case c.kind.pack():
		return d.packActsWhere(at, drug)
	case !c.kind.formed():
		return drugs.SystemicUnknown, ""
	}
	systemic, route := formOf(d.doseForm(at))
	switch {
	case systemic == drugs.SystemicDepends:
		systemic = drug.Nasal()
	case systemic == drugs.SystemicNo && route == "topical" && drug.Name == "doxepin":
		systemic = drugs.SystemicLowAbsorbed // rules.md R16: the cream is absorbed enough to sedate
	}
	return systemic, route
}

// packActsWhere joins what the products of a pack with the ingredient state; if they differ, it is
// unknown.
func (d *derivation) packActsWhere(at int32, drug *drugs.Ingredient) (systemic drugs.Systemic, route string) {
	first := true
	for _, e := range d.best(at) {
		if !holds(d.drugsOf(e.part), drug) {
			continue
		}
		s, r := d.actsWhere(e.part, drug)
		if !first && s != systemic {
			s = drugs.SystemicUnknown
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

func holds(all drugList, drug *drugs.Ingredient) bool {
	for _, known := range all {
		if known == drug {
			return true
		}
	}
	return false
}

// doseForm is the dose form, or form group, of a concept; from its name if no relation states it.
func (d *derivation) doseForm(at int32) string {
	for _, e := range d.parts(at) {
		if e.trust == byDoseForm {
			return d.concepts[e.part].name
		}
	}
	name, _, _ := strings.Cut(d.concepts[at].name, " [")
	return name
}

// formOf reads a dose form by the words for forms in the tables, and returns the route group of
// products.tsv.
func formOf(form string) (drugs.Systemic, string) {
	for _, own := range ownForms {
		if strings.Contains(form, own.words) {
			return own.systemic, own.group
		}
	}
	systemic, route := forms.Route(nil, []string{form})
	if group, ok := routeGroups[route]; ok {
		route = group
	}
	return systemic, route
}

// ownForms are RxNorm dose forms and groups whose words mean something else in a medication text,
// or nothing.
var ownForms = []struct {
	words    string
	systemic drugs.Systemic
	group    string
}{
	{"Sublingual", drugs.SystemicYes, "sublingual_buccal"}, {"Buccal", drugs.SystemicYes, "sublingual_buccal"},
	{"Oral Film", drugs.SystemicYes, "sublingual_buccal"}, {"Oral Lozenge", drugs.SystemicYes, "sublingual_buccal"},
	{"Oral Spray", drugs.SystemicYes, "sublingual_buccal"}, {"Nasal", drugs.SystemicDepends, "nasal"},
	{"Inhalant Product", drugs.SystemicYes, "inhalation"}, {"Granule Product", drugs.SystemicYes, "oral"},
	{
		"Chewing Gum",
		drugs.SystemicYes,
		"oral",
	}, {"Soap", drugs.SystemicNo, "topical"}, {"Medicated Pad", drugs.SystemicNo, "topical"},
}

// routeGroups are the groups of products.tsv for routes with other names.
var routeGroups = map[string]string{
	"injection": "injectable", "intravenous": "injectable", "intramuscular": "injectable", "subcutaneous": "injectable",
	"implant": "injectable",
	"buccal":  "sublingual_buccal", "sublingual": "sublingual_buccal", "cutaneous": "topical",
}

// localBrands are brands none of whose products is systemic: a brand sold only as a cream needs no
// route to be local.
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
		if systemic, _ := d.actsWhere(at, drug); systemic != drugs.SystemicNo {
			return false
		}
	}
	return len(d.drugsOf(at)) > 0
}
