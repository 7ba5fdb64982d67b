package terms

import (
	"fmt"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// siteRows are the rows that a site's tables have for a code: those of the first table that knows
// it.
func (t *Terms) siteRows(system, code string) (rows []SiteRow, table string) {
	for _, s := range t.site {
		if rows := s.written(system, code); len(rows) > 0 {
			return rows, s.name
		}
	}
	return nil, ""
}

// written are the rows of a code in whichever form it is written: a dm+d code under the system of
// SNOMED CT, a package by the other packages of its product, ten digits without hyphens where the
// table holds only one of the codes that they may be.
func (t *SiteTable) written(system, code string) []SiteRow {
	if rows := t.find(system, code); len(rows) > 0 {
		return rows
	}
	if sister := sisterSystem(system); sister != "" {
		return t.find(sister, code)
	}
	if system != codes.NDC {
		return nil
	}
	number, _ := codes.ReadNDC(code)
	var found []SiteRow
	for _, full := range number.Packages {
		rows := t.find(codes.NDC, fmt.Sprintf("%011d", full))
		if len(found) > 0 && len(rows) > 0 {
			return nil
		}
		found = append(found, rows...)
	}
	if len(found) > 0 || len(number.Products) == 0 {
		return found
	}
	return t.find(codes.NDC, codes.ProductNDC(number.Products[0]))
}

// sisterSystem is the other system under which the same code may stand: dm+d codes are SNOMED CT
// codes.
func sisterSystem(system string) string {
	switch system {
	case codes.DMD:
		return codes.SNOMED
	case codes.SNOMED:
		return codes.DMD
	}
	return ""
}

// recogniseSite tells what a site's tables say of a code. Where its rows differ about where the
// drug acts, it is not known.
func (t *Terms) recogniseSite(system, code string) (recognised, bool) {
	rows, table := t.siteRows(system, code)
	if len(rows) == 0 {
		return recognised{}, false
	}
	r := recognised{
		standing: standingListed, rank: rankOf(rows[0].Kind), systemic: rows[0].Systemic, routeGroup: rows[0].Route,
		table: tableSite, siteTable: table, code: rows[0].Code,
	}
	for _, row := range rows {
		if row.Systemic != rows[0].Systemic {
			r.systemic = drugs.SystemicUnknown
		}
		if row.Route != rows[0].Route {
			r.routeGroup = ""
		}
		r.found = addSiteDrug(r.found, row)
	}
	return r, true
}

// addSiteDrug adds the ingredient of a row, which may be none. Rows that tell two strengths of one
// ingredient tell none.
func addSiteDrug(found []Found, row SiteRow) []Found {
	drug, ok := Embedded().Ingredient(row.Ingredient)
	if !ok {
		return found
	}
	for i := range found {
		if f := &found[i]; f.Ingredient == drug {
			if f.Strength != row.Strength || f.PerML != row.PerML {
				f.Strength, f.PerML = "", false
			}
			return found
		}
	}
	return append(found, Found{Ingredient: drug, Strength: row.Strength, PerML: row.PerML})
}

// siteNames are the names that a site's tables show for a code.
func (t *Terms) siteNames(system, code string) []string {
	rows, _ := t.siteRows(system, code)
	var names []string
	for _, row := range rows {
		names = append(names, row.Name)
	}
	return names
}
