package conditions

import (
	"cmp"
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// Codes lists the codes and categories of rls_conditions.tsv, sorted; ICD codes without their dot.
func Codes() []codes.Coding {
	var all []codes.Coding
	for key := range conditions().codes {
		all = append(all, codes.Coding{System: key.System, Code: key.Code})
	}
	for _, c := range conditions().categories {
		all = append(all, codes.Coding{System: c.System, Code: c.Code})
	}
	slices.SortFunc(
		all,
		func(a, b codes.Coding) int {
			return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.Code, b.Code))
		},
	)
	return slices.Compact(all)
}

// Listed is the code in Codes whose row applies to a coding.
func Listed(c codes.Coding) (codes.Coding, bool) {
	key, _, ok := condition(c)
	return codes.Coding{System: key.System, Code: key.Code}, ok
}
