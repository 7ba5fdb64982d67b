package terms

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// recogniseDMD looks a code of the NHS dictionary of medicines and devices up. Its codes are SNOMED
// CT identifiers and come under either system.
func recogniseDMD(code string) (recognised, bool) {
	number, ok := codes.Digits(code, len(code))
	if !ok || len(code) > 18 {
		return recognised{}, false
	}
	meaning, ok := packed(dmdBin).find(number)
	if !ok {
		return recognised{}, false
	}
	r := parseMeaning(lineOf(dmdMeanings, meaning))
	r.table, r.code = tableDMD, code
	return r, true
}

// parseMeaning reads a line of dmd_meanings.tsv: ingredients, each with the strength that the name
// of the product tells, where it acts, the route, and other substances that change a check.
func parseMeaning(line string) recognised {
	r := recognised{
		rank: rankProduct, standing: standingListed, systemic: parseSystemic(field(line, 1)), routeGroup: field(line, 2),
	}
	for one := range values(field(line, 0)) {
		name, strength, _ := strings.Cut(one, "=")
		drug := ingredients().byName[name]
		if drug == nil {
			continue
		}
		f := Found{Ingredient: drug}
		f.Strength, f.PerML = strings.CutSuffix(strength, perML)
		r.found = append(r.found, f)
	}
	for name := range values(field(line, 3)) {
		r.with = append(r.with, name)
	}
	return r
}
