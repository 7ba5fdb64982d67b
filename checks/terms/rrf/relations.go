package rrf

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// Columns of RXNREL.RRF: RXCUI1 RXAUI1 STYPE1 REL RXCUI2 RXAUI2 STYPE2 RELA RUI SRUI SAB SL DIR RG
// SUPPRESS CVF.
const (
	relColumns = 16
	relRXCUI1  = 0
	relRXCUI2  = 4
	relRELA    = 7
	relSAB     = 10
)

// trust says how directly a relation leads to the ingredients of a concept. The most direct ones
// decide: a product of gabapentin enacarbil is also a form of gabapentin, and a brand may have been
// sold with other ingredients before.
type trust uint8

const (
	byContent    trust = iota // a pack contains products
	byComponent               // a product consists of components
	byIngredient              // and whatever names an ingredient or the unbranded sister
	byForm                    // a product belongs to a form or a group
	bySet                     // a product has a combination of ingredients
	byBrand                   // a branded product has a brand name
	byDoseForm                // leads to a dose form, not to ingredients
)

// edge says that a concept is made of another; both are positions in graph.concepts.
type edge struct {
	whole, part int32
	trust       trust
}

// relation is a value of RELA. A row reads "RXCUI2 has RELA to RXCUI1", and most relations are
// present in both directions.
type relation struct {
	wholeFirst bool // RXCUI1 is the whole: the row states the inverse
	trust      trust
}

var relations = func() map[string]relation {
	all := map[string]relation{}
	for _, r := range []struct {
		name, inverse string
		trust         trust
	}{
		{"contains", "contained_in", byContent},
		{"consists_of", "constitutes", byComponent},
		{"has_ingredient", "ingredient_of", byIngredient},
		{"has_precise_ingredient", "precise_ingredient_of", byIngredient},
		{"has_part", "part_of", byIngredient},
		{"form_of", "has_form", byIngredient},
		{"tradename_of", "has_tradename", byIngredient},
		{"isa", "inverse_isa", byForm},
		{"has_ingredients", "ingredients_of", bySet},
		{"has_dose_form", "dose_form_of", byDoseForm},
		{"has_doseformgroup", "doseformgroup_of", byDoseForm},
	} {
		all[r.name] = relation{false, r.trust}
		all[r.inverse] = relation{true, r.trust}
	}
	return all
}()

// readRelations keeps what RxNorm says of its concepts. Other relations (quantified or reformulated
// products, those between atoms) lead to no further ingredients.
func (g *graph) readRelations(r io.Reader) error {
	var err error
	g.report.Lines[RelationsFile], err = readLines(r, RelationsFile, relColumns, func(line *row) {
		first, second := line.id(relRXCUI1), line.id(relRXCUI2)
		known, ok := relations[string(line.fields[relRELA])]
		if !ok || first == 0 || second == 0 || line.err != nil || !line.is(relSAB, ownSource) {
			return
		}
		if known.wholeFirst {
			first, second = second, first
		}
		g.connect(second, first, known.trust)
	})
	if err != nil {
		return err
	}
	slices.SortFunc(g.edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.whole, b.whole), cmp.Compare(a.trust, b.trust), cmp.Compare(a.part, b.part))
	})
	g.edges = slices.Compact(g.edges)
	return g.checkRelations()
}

// connect records that a whole is made of a part. A relation against the order of term types would
// give an ingredient all partners it has anywhere: those are counted and not followed.
func (g *graph) connect(whole, part uint32, t trust) {
	w, ok := g.byID[whole]
	p, also := g.byID[part]
	g.report.Relations++
	if !ok || !also {
		if !ok && !g.others[whole] || !also && !g.others[part] {
			g.report.Dangling++
		}
		return
	}
	wk, pk := g.concepts[w].kind, g.concepts[p].kind
	if (pk == kindDF || pk == kindDFG) && t != byDoseForm {
		return // a dose form belongs to a group
	}
	if wk <= pk {
		g.report.Reversed++
		return
	}
	if pk == kindBN {
		t = byBrand
	}
	g.edges = append(g.edges, edge{w, p, t})
}

// tolerated is the share of odd relations acceptable in a sound release.
const tolerated = 0.01

func (g *graph) checkRelations() error {
	limit := int(tolerated * float64(g.report.Relations))
	switch r := g.report; {
	case r.Relations == 0:
		return fmt.Errorf("%s holds no relation of source RXNORM that leads to ingredients", RelationsFile)
	case r.Reversed > limit:
		return fmt.Errorf(
			"%s: %d of %d relations point against the term types of their concepts: first and second concept may be "+
				"exchanged",
			RelationsFile,
			r.Reversed,
			r.Relations,
		)
	case r.Dangling > limit:
		return fmt.Errorf(
			"%s: %d of %d relations lead to concepts that %s does not hold: one of the files is cut, or they are of "+
				"two releases",
			RelationsFile,
			r.Dangling,
			r.Relations,
			ConceptsFile,
		)
	}
	return nil
}

// parts are the edges from a concept to what it is made of, most direct first.
func (g *graph) parts(whole int32) []edge {
	at, _ := slices.BinarySearchFunc(g.edges, whole, func(e edge, w int32) int { return cmp.Compare(e.whole, w) })
	end := at
	for end < len(g.edges) && g.edges[end].whole == whole {
		end++
	}
	return g.edges[at:end]
}
