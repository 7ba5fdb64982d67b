package terms

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

func recogniseRxNorm(code string) (recognised, bool) {
	if !wellFormedRxNorm(code) {
		return recognised{}, false
	}
	if p, ok := findProduct(code); ok {
		return p.recognised(), true
	}
	if drug, ok := drugs.ByRxNorm(code); ok {
		return recognised{
			rank: rankIngredient, standing: standingListed, found: []Found{{Ingredient: drug}},
			table: data.IngredientsFile, code: code,
		}, true
	}
	if r, ok := recogniseNameless(code); ok {
		return r, true
	}
	return recognised{standing: standingOf(code), code: code}, true
}

func (p product) recognised() recognised {
	r := recognised{
		rank: rankOf(p.kind), standing: standingListed, systemic: drugs.ParseSystemic(p.systemic),
		routeGroup: p.group(),
		table:      data.ProductsFile, code: p.rxcui,
	}
	r.found = foundOf(drugs.List(p.ingredients))
	p.addStrengths(r.found)
	r.with = companionsIn(r.found, p.name)
	return r
}

// recogniseNameless looks up a code of which only the ingredient is known. The column others lists
// drugs of the same class it may be instead.
func recogniseNameless(code string) (recognised, bool) {
	line := data.LineAt(data.RxNorm, data.Search(data.RxNorm,
		func(key string) int { return compareNumbers(key, code) }))
	if data.Field(line, 0) != code {
		return recognised{}, false
	}
	r := recognised{
		rank: rankIngredient, standing: standingListed, found: foundOf(drugs.List(data.Field(line, 1))),
		systemic: drugs.ParseSystemic(data.Field(line, 2)), table: data.RxNormFile, code: code,
		nameless: true, others: drugs.List(data.Field(line, 3)),
	}
	if len(r.others) > 0 {
		for i := range r.found {
			r.found[i].Unsure = "RxNorm " + code + " may also be " + strings.ReplaceAll(data.Field(line, 3), "|",
				" or ")
		}
	}
	return r, true
}

// crossCheck lets the names of an order add to a code whose own name is unknown: which other
// ingredients the product contains, and which of two drugs of one class it is. Any other name does
// not change the meaning of the code.
func (t *Terms) crossCheck(r *recognised, codings []codes.Coding, names []string) {
	var m Match
	t.classifyNames(&m, codings, names)
	if len(m.Found) == 0 {
		return
	}
	settled := true
	for _, f := range r.found {
		settled = settled && holds(m.Found, f.Ingredient)
	}
	if !settled {
		for _, f := range m.Found {
			if !holds(r.found, f.Ingredient) && !slices.Contains(r.others, f.Ingredient) {
				return
			}
		}
	}
	r.found = m.Found
	if r.systemic == drugs.SystemicUnknown {
		r.systemic, r.routeGroup = m.Systemic, m.RouteGroup
	}
}
