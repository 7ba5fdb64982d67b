// Package rrf reads a site's own RxNorm release files (RXNCONSO.RRF, RXNREL.RRF, RXNSAT.RRF) and
// derives the rows of a site table: every product, component, form, group, brand, combination, pack
// and package code (NDC) that contains an ingredient of the tables.
//
// The formats are those of the RxNorm technical documentation of the U.S. National Library of
// Medicine: UTF-8, one row per line, fields ended by |, no header.
//
// It must not know files, folders or terminals, nor what a check makes of a row.
package rrf

import (
	"io"
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// File names in a release.
const (
	ConceptsFile   = "RXNCONSO.RRF"
	RelationsFile  = "RXNREL.RRF"
	AttributesFile = "RXNSAT.RRF"
)

// Release holds the open files of one release.
type Release struct {
	Concepts, Relations io.Reader
	Attributes          io.Reader // nil if the site has none: then there are no package codes
	// Others includes the codes of all other drugs: a site's own release then distinguishes other
	// drugs from unknown codes.
	Others bool
}

// Table is the outcome of a release.
type Table struct {
	Rows   []site.Row // sorted by system, code and ingredient, no duplicates
	Report Report
}

// Import reads a release, once and in the order of the struct, and derives the rows of a site
// table. Memory grows with the number of RxNorm's own concepts and package codes, not with the size
// of the files.
//
// A damaged release gives an error and no table, since half a table looks like a whole one: a line
// with a wrong number of fields or an invalid id, text that is not UTF-8, an empty file, relations
// against the term types of their concepts, or products without relations.
func Import(r Release) (*Table, error) {
	g := newGraph()
	if err := g.readConcepts(r.Concepts); err != nil {
		return nil, err
	}
	if err := g.readRelations(r.Relations); err != nil {
		return nil, err
	}
	d := newDerivation(g)
	d.others = r.Others
	if err := d.checkWhole(); err != nil {
		return nil, err
	}
	t := &Table{Rows: d.codes()}
	if r.Attributes != nil {
		packages, err := d.readPackages(r.Attributes)
		if err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, packages...)
	}
	slices.SortFunc(t.Rows, site.Compare)
	t.Rows = site.WithNDCProducts(slices.Compact(t.Rows))
	t.Report = g.report
	return t, nil
}
