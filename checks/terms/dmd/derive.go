package dmd

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/forms"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// derivation works out what the codes of a release mean.
type derivation struct {
	tables      *terms.Terms
	others      bool
	substances  map[string][]string // names of our ingredients by substance code
	ingredients map[string][]string // substance codes by product
	waiting     []record            // products, until all their ingredients are read
	meanings    map[string]meaning  // by product or pack code
	rows        []site.Row
	report      Report
}

// meaning is what a code stands for: rows without code and status. Another drug's code has none.
type meaning struct {
	rows []site.Row
	sure bool // without rows: it is certainly another drug
}

// substance notes which of our ingredients a substance is.
func (d *derivation) substance(r *record) {
	var names []string
	for _, f := range d.tables.Classify(nil, []string{r.name}).Found {
		if f.Doubt == "" {
			names = append(names, f.Name)
		}
	}
	d.substances[r.code] = names
	if r.previous != "" {
		d.substances[r.previous] = names
	}
}

func (d *derivation) ingredient(r *record) {
	d.ingredients[r.code] = append(d.ingredients[r.code], r.refs...)
}

func (d *derivation) product(r *record) { d.waiting = append(d.waiting, *r) }

// products derives the meaning of each virtual product; XML lists the ingredients after all
// products.
func (d *derivation) products() {
	for i := range d.waiting {
		r := &d.waiting[i]
		m := d.byName(r.name)
		m.rows = d.withIngredients(r, m.rows)
		d.add(r, "VMP", m)
	}
	d.waiting = nil
}

// byName is the meaning of a name: drugs, strengths, and where they act.
func (d *derivation) byName(name string) meaning {
	m := d.tables.Classify(nil, []string{name})
	var rows []site.Row
	for _, f := range m.Found {
		if f.Doubt != "" {
			return meaning{}
		}
		row := site.Row{
			System: codes.DMD, Ingredient: f.Name, Systemic: m.Systemic, Route: m.RouteGroup,
			Strength: f.Strength, PerML: f.PerML,
		}
		if m.Systemic == drugs.SystemicDepends {
			row.Systemic = f.Nasal()
		}
		rows = append(rows, row)
	}
	if len(rows) > 1 || len(m.With) > 0 {
		for i := range rows {
			rows[i].Name = name // partners that change a check are read from it
		}
	}
	return meaning{rows, len(m.Found) == 0}
}

// withIngredients adds the drugs stated only by the ingredients of a product.
func (d *derivation) withIngredients(r *record, rows []site.Row) []site.Row {
	var listed, named []string
	for _, substance := range d.ingredients[r.code] {
		for _, name := range d.substances[substance] {
			if !slices.Contains(listed, name) {
				listed = append(listed, name)
			}
		}
	}
	for _, row := range rows {
		named = append(named, row.Ingredient)
	}
	slices.Sort(listed)
	slices.Sort(named)
	if len(listed) > 0 && !slices.Equal(listed, named) {
		d.report.Differ = append(d.report.Differ, Difference{r.code, r.name, listed, named})
	}
	like := site.Row{System: codes.DMD}
	if len(rows) > 0 {
		like.Systemic, like.Route, like.Name = rows[0].Systemic, rows[0].Route, r.name
	} else if acts := forms.Form([]codes.Coding{{Display: r.name}}); acts != drugs.SystemicDepends {
		like.Systemic = acts
	}
	for _, name := range listed {
		if !slices.Contains(named, name) {
			like.Ingredient = name
			rows = append(rows, like)
		}
	}
	return rows
}

// named adds a moiety, which has only its name.
func (d *derivation) named(r *record, kind string) {
	m := d.byName(r.name)
	for i := range m.rows {
		m.rows[i].Systemic, m.rows[i].Route, m.rows[i].Strength = drugs.SystemicUnknown, "", ""
	}
	d.add(r, kind, m)
}

// of adds an actual product or a pack, which means what the product it refers to means.
func (d *derivation) of(r *record, kind string) {
	for _, ref := range r.refs {
		if m, ok := d.meanings[ref]; ok {
			d.add(r, kind, m)
			return
		}
	}
	d.report.Orphans++
	d.add(r, kind, d.byName(r.name))
}

// add keeps the rows of a code, and of its previous code.
func (d *derivation) add(r *record, kind string, m meaning) {
	d.report.Read[kind]++
	d.meanings[r.code] = m
	rows := m.rows
	switch {
	case len(rows) > 0:
		d.report.Listed++
	case m.sure && d.others:
		d.report.Others++
		rows = []site.Row{{System: codes.DMD, Ingredient: site.NoIngredient}}
	}
	status := ""
	if r.invalid {
		status = "obsolete"
	}
	for _, row := range rows {
		row.Code, row.Kind, row.Status = r.code, kindOf(kind), status
		d.rows = append(d.rows, row)
		if r.previous != "" && r.previous != r.code {
			row.Code, row.Status = r.previous, "obsolete"
			d.rows = append(d.rows, row)
		}
	}
	if _, known := d.meanings[r.previous]; r.previous != "" && !known {
		d.meanings[r.previous] = m
	}
}

// kindOf is the term type of a site table that ranks like a kind of dm+d: a product outranks a
// moiety.
func kindOf(kind string) string {
	if kind == "VTM" {
		return "IN"
	}
	return ""
}
