package site

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// WithNDCProducts adds a row for each product whose package codes among rows all contain the same:
// orders may carry the product alone, or a package no longer sold. Rows are sorted by system, code
// and ingredient.
func WithNDCProducts(rows []Row) []Row {
	type product struct {
		rows []Row

		differ bool
	}
	products := map[string]*product{}
	for at := 0; at < len(rows); {
		end := at + 1
		for end < len(rows) && rows[end].System == rows[at].System && rows[end].Code == rows[at].Code {
			end++
		}
		if number, ok := codes.ReadNDC(rows[at].Code); ok && rows[at].System == codes.NDC && len(number.Packages) == 1 {
			code := codes.ProductNDC(number.Products[0])
			if p := products[code]; p == nil {
				products[code] = &product{rows: rows[at:end]}
			} else {
				p.differ = p.differ || !samePackages(p.rows, rows[at:end])
			}
		}
		at = end
	}
	for code, p := range products {
		if p.differ {
			continue
		}
		for _, row := range p.rows {
			row.Code, row.Status = code, ""
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, Compare)
	return rows
}

// samePackages reports whether two packages contain the same drugs in the same strengths, whatever
// their status.
func samePackages(a, b []Row) bool {
	return slices.EqualFunc(a, b, func(a, b Row) bool {
		a.Code, a.Status, a.Name = b.Code, b.Status, b.Name
		return a == b
	})
}
