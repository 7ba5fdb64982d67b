package site

import (
	"fmt"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// Find returns the rows of a code in whichever form it is written: a dm+d code under the system of
// SNOMED CT, a package by the other packages of its product, ten digits without hyphens if the
// table has only one of the codes they may mean.
func (t *Table) Find(system, code string) []Row {
	if rows := t.exact(system, code); len(rows) > 0 {
		return rows
	}
	if sister := sisterSystem(system); sister != "" {
		return t.exact(sister, code)
	}
	if system != codes.NDC {
		return nil
	}
	number, _ := codes.ReadNDC(code)
	var found []Row
	for _, full := range number.Packages {
		rows := t.exact(codes.NDC, fmt.Sprintf("%011d", full))
		if len(found) > 0 && len(rows) > 0 {
			return nil
		}
		found = append(found, rows...)
	}
	if len(found) > 0 || len(number.Products) == 0 {
		return found
	}
	return t.exact(codes.NDC, codes.ProductNDC(number.Products[0]))
}

// sisterSystem is the other system a code may come under: dm+d codes are SNOMED CT codes.
func sisterSystem(system string) string {
	switch system {
	case codes.DMD:
		return codes.SNOMED
	case codes.SNOMED:
		return codes.DMD
	}
	return ""
}
