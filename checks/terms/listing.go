package terms

import (
	"cmp"
	"maps"
	"slices"
)

// ConditionCodes are the codes of rls_conditions.tsv, sorted; ICD codes without their dot.
func (t *Terms) ConditionCodes() []Coding {
	var all []Coding
	for key := range conditions() {
		all = append(all, Coding{System: key.system, Code: key.code})
	}
	slices.SortFunc(all, func(a, b Coding) int { return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.Code, b.Code)) })
	return all
}

// ConditionCode is the code among ConditionCodes whose row speaks for a coding.
func (t *Terms) ConditionCode(c Coding) (Coding, bool) {
	key, ok := conditionKey(c)
	return Coding{System: key.system, Code: key.code}, ok
}

// LabCodes are the LOINC codes of labs.tsv, sorted.
func (t *Terms) LabCodes() []string { return slices.Sorted(maps.Keys(labs())) }

// DrugTables are the tables that Match.Table names, without that of a site.
func (t *Terms) DrugTables() []string {
	return []string{"ingredients.tsv", "products.tsv", "rxnorm.tsv", "ndc.tsv", "dmd.tsv", "atc.tsv", "names.tsv"}
}
