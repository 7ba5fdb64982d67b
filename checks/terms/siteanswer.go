package terms

import (
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// siteRows are the rows a site's tables have for a code, from the first table that has it.
func (t *Terms) siteRows(system, code string) (rows []site.Row, table string) {
	for _, s := range t.site {
		if rows := s.Find(system, code); len(rows) > 0 {
			return rows, s.Name
		}
	}
	return nil, ""
}

// recogniseSite says what a site's tables know of a code. If its rows differ on where the drug
// acts, that is unknown.
func (t *Terms) recogniseSite(system, code string) (recognised, bool) {
	rows, table := t.siteRows(system, code)
	if len(rows) == 0 {
		return recognised{}, false
	}
	r := recognised{
		standing: standingListed, rank: rankOf(rows[0].Kind), systemic: rows[0].Systemic, routeGroup: rows[0].Route,
		table: data.SiteFile, siteTable: table, code: rows[0].Code,
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

// addSiteDrug adds the ingredient of a row, if any. Rows with different strengths of one ingredient
// leave the strength unknown.
func addSiteDrug(found []Found, row site.Row) []Found {
	drug, ok := drugs.Find(row.Ingredient)
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

func (t *Terms) siteNames(system, code string) []string {
	rows, _ := t.siteRows(system, code)
	var names []string
	for _, row := range rows {
		names = append(names, row.Name)
	}
	return names
}
