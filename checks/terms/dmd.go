package terms

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// recogniseDMD looks up a code of the NHS dictionary of medicines and devices. Its codes are SNOMED
// CT identifiers and come under either system.
func recogniseDMD(code string) (recognised, bool) {
	number, ok := codes.Digits(code, len(code))
	if !ok || len(code) > 18 {
		return recognised{}, false
	}
	meaning, ok := data.Packed(data.DMD).Find(number)
	if !ok {
		return recognised{}, false
	}
	r := parseMeaning(data.NthLine(data.DMDMeanings, meaning))
	r.table, r.code = data.DMDFile, code
	return r, true
}

// parseMeaning reads a line of dmd_meanings.tsv: ingredients, each with the strength in the product
// name, where it acts, the route, and other substances that change a check.
func parseMeaning(line string) recognised {
	r := recognised{
		rank: rankProduct, standing: standingListed, systemic: drugs.ParseSystemic(data.Field(line, 1)),
		routeGroup: data.Field(line, 2),
	}
	for one := range data.Values(data.Field(line, 0)) {
		name, strength, _ := strings.Cut(one, "=")
		drug := drugs.Named(name)
		if drug == nil {
			continue
		}
		f := Found{Ingredient: drug}
		f.Strength, f.PerML = strings.CutSuffix(strength, site.PerML)
		r.found = append(r.found, f)
	}
	for name := range data.Values(data.Field(line, 3)) {
		r.with = append(r.with, name)
	}
	return r
}
