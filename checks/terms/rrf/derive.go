package rrf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// drugList is a set of ingredients of the tables.
type drugList []*drugs.Ingredient

// derivation works out what the concepts of a graph contain.
type derivation struct {
	*graph
	tables *terms.Terms
	found  []drugList // by concept, on demand
	asked  []bool
	named  map[int32]terms.Match // meanings of the names of withdrawn concepts without relations
	others bool                  // other drugs get rows too
}

func newDerivation(g *graph) *derivation {
	d := &derivation{
		graph: g, tables: terms.Embedded(),
		found: make([]drugList, len(g.concepts)), asked: make([]bool, len(g.concepts)), named: map[int32]terms.Match{},
	}
	known := map[*drugs.Ingredient]bool{}
	for i := range g.concepts {
		if drug := d.anchor(int32(i)); drug != nil {
			known[drug] = true
			d.checkName(&g.concepts[i], drug)
		}
	}
	g.report.Ingredients = len(known)
	return d
}

// anchor is the ingredient of the tables that a concept is: by its code, or, if the tables have no
// code for it, by its exact name.
func (d *derivation) anchor(at int32) *drugs.Ingredient {
	c := &d.concepts[at]
	if c.kind != kindIN && c.kind != kindPIN {
		return nil
	}
	if drug, ok := drugs.ByRxNorm(codeOf(c.id)); ok {
		return drug
	}
	if drug, ok := drugs.Find(c.name); ok {
		return drug
	}
	return nil
}

// checkName notes an ingredient whose code is in the tables, but whose name they do not take for
// it: the code may be wrong.
func (d *derivation) checkName(c *concept, drug *drugs.Ingredient) {
	m := d.tables.Classify(nil, []string{c.name})
	if !slices.ContainsFunc(m.Found, func(f terms.Found) bool { return f.Ingredient == drug }) {
		d.report.Renamed = append(
			d.report.Renamed,
			Contradiction{
				Code:    codeOf(c.id),
				Kind:    c.kind.String(),
				Tables:  []string{drug.Name},
				Release: []string{c.name},
			},
		)
	}
}

// drugsOf are the ingredients of a concept. Its relations lead only to lower term types, so the
// walk ends.
func (d *derivation) drugsOf(at int32) drugList {
	if d.asked[at] {
		return d.found[at]
	}
	d.asked[at] = true
	switch drug := d.anchor(at); {
	case drug != nil:
		d.found[at] = drugList{drug}
	case d.withoutRelations(at):
		d.found[at] = d.byName(at)
	default:
		d.found[at] = d.byRelations(at)
	}
	return d.found[at]
}

// byRelations joins the ingredients of the concepts it is most directly made of.
func (d *derivation) byRelations(at int32) drugList {
	var all drugList
	var replaced drugList
	for _, e := range d.best(at) {
		for _, drug := range d.drugsOf(e.part) {
			if !slices.Contains(all, drug) {
				all = append(all, drug)
			}
		}
		replaced = append(replaced, d.replacedBy(e.part)...)
	}
	return slices.DeleteFunc(all, func(drug *drugs.Ingredient) bool { return slices.Contains(replaced, drug) })
}

// replacedBy are the ingredients of which a precise ingredient is a form, although it is a drug of
// its own: gabapentin by its enacarbil.
func (d *derivation) replacedBy(at int32) drugList {
	own := d.anchor(at)
	if own == nil || d.concepts[at].kind != kindPIN {
		return nil
	}
	var bases drugList
	for _, e := range d.parts(at) {
		if base := d.anchor(e.part); base != nil && base != own {
			bases = append(bases, base)
		}
	}
	return bases
}

func (d *derivation) best(at int32) []edge {
	parts := d.parts(at)
	n := 0
	for n < len(parts) && parts[n].trust == parts[0].trust {
		n++
	}
	if n > 0 && parts[0].trust == byDoseForm {
		return nil
	}
	return parts[:n]
}

func (d *derivation) withoutRelations(at int32) bool { return len(d.best(at)) == 0 }

// byName reads the name of a withdrawn concept, whose relations RxNorm does not keep. A doubtful
// name says nothing.
func (d *derivation) byName(at int32) drugList {
	c := &d.concepts[at]
	if c.status == statusCurrent || c.kind < kindPIN {
		return nil
	}
	m := d.tables.Classify(nil, []string{c.name})
	var all drugList
	for _, f := range m.Found {
		if f.Doubt != "" {
			return nil
		}
		all = append(all, f.Ingredient)
	}
	if len(all) > 0 {
		d.named[at] = m
		d.report.ByName++
	}
	return all
}

// checkWhole refuses a release in which current products have no relations: RXNREL.RRF has been cut
// short.
func (d *derivation) checkWhole() error {
	products, alone := 0, 0
	for i, c := range d.concepts {
		if c.status != statusCurrent || c.kind != kindSCD && c.kind != kindSBD {
			continue
		}
		products++
		if d.withoutRelations(int32(i)) {
			alone++
		}
	}
	if alone > int(tolerated*float64(products)) {
		return fmt.Errorf(
			"%s has no relation for %d of %d current products: the file is cut, or of another release",
			RelationsFile,
			alone,
			products,
		)
	}
	return nil
}

// codes are the rows of all concepts that contain an ingredient of the tables.
func (d *derivation) codes() []site.Row {
	local := d.localBrands()
	var rows []site.Row
	for i := range d.concepts {
		at := int32(i)
		found := d.drugsOf(at)
		c := &d.concepts[at]
		if len(found) == 0 {
			rows = d.appendOther(rows, at)
			continue
		}
		d.report.Codes[c.kind.String()]++
		if c.status != statusCurrent {
			d.report.Withdrawn++
		}
		d.compare(at, found)
		rows = d.appendRows(
			rows,
			at,
			site.Row{System: codes.RxNorm, Code: codeOf(c.id), Kind: c.kind.String(), Status: c.status.String()},
		)
		if local[at] {
			for j := len(rows) - len(found); j < len(rows); j++ {
				rows[j].Systemic = drugs.SystemicNo
			}
		}
	}
	return rows
}

// appendOther adds the row of a concept without our drugs. A concept that the embedded tables take
// for one of ours keeps their answer.
func (d *derivation) appendOther(rows []site.Row, at int32) []site.Row {
	c := &d.concepts[at]
	row := site.Row{
		System:     codes.RxNorm,
		Code:       codeOf(c.id),
		Ingredient: site.NoIngredient,
		Kind:       c.kind.String(),
		Status:     c.status.String(),
	}
	if embedded := d.embedded(c); len(embedded) > 0 && c.kind >= kindIN {
		d.report.Kept = append(d.report.Kept, Contradiction{Code: row.Code, Kind: row.Kind, Tables: embedded})
		return rows
	}
	if !d.isOther(at) {
		return rows
	}
	d.report.Others++
	return append(rows, row)
}

// isOther reports whether a concept is known to be a drug in none of our classes, so that its code
// gets a row that says so. Excluded are dose forms, what the embedded tables take for a drug of
// ours, and withdrawn concepts whose name names one.
func (d *derivation) isOther(at int32) bool {
	c := &d.concepts[at]
	if !d.others || c.kind < kindIN || len(d.drugsOf(at)) > 0 {
		return false
	}
	if len(d.embedded(c)) > 0 {
		return false
	}
	return !d.withoutRelations(at) || c.kind < kindPIN || len(d.tables.Classify(nil, []string{c.name}).Found) == 0
}

// embedded are the ingredients in the embedded tables for the code of a concept.
func (d *derivation) embedded(c *concept) (names []string) {
	for _, f := range d.tables.Classify([]codes.Coding{{System: codes.RxNorm, Code: codeOf(c.id)}}, nil).Found {
		names = append(names, f.Name)
	}
	return names
}

// appendRows adds the rows of a code that means a concept, one for each ingredient.
func (d *derivation) appendRows(rows []site.Row, at int32, row site.Row) []site.Row {
	for _, drug := range d.drugsOf(at) {
		row.Ingredient = drug.Name
		row.Name = cleanName(d.concepts[at].name)
		row.Systemic, row.Route = d.actsWhere(at, drug)
		row.Strength, row.PerML = d.strength(at, drug)
		rows = append(rows, row)
	}
	return rows
}

// cleanName keeps a name from breaking a table row.
func cleanName(name string) string { return strings.Join(strings.Fields(name), " ") }

func codeOf(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

// compare notes where the release and the embedded tables differ on a code.
func (d *derivation) compare(at int32, found drugList) {
	code := codeOf(d.concepts[at].id)
	m := d.tables.Classify([]codes.Coding{{System: codes.RxNorm, Code: code}}, nil)
	if m.By != terms.MatchedCode {
		return
	}
	same := len(m.Found) == len(found)
	embedded := make([]string, 0, len(m.Found))
	for _, f := range m.Found {
		same = same && slices.Contains(found, f.Ingredient)
		embedded = append(embedded, f.Name)
	}
	if !same {
		d.report.Contradictions = append(
			d.report.Contradictions,
			Contradiction{Code: code, Kind: d.concepts[at].kind.String(), Tables: embedded, Release: found.names()},
		)
	}
}

func (f drugList) names() []string {
	names := make([]string, len(f))
	for i, drug := range f {
		names[i] = drug.Name
	}
	slices.Sort(names)
	return names
}
