// Package rrf reads a site's own RxNorm release files (RXNCONSO.RRF, RXNREL.RRF, RXNSAT.RRF) and
// derives from them the rows of a site table: every product, component, form, group, brand,
// combination, pack and package code (NDC) that holds an ingredient of the tables.
//
// The formats are those of the RxNorm technical documentation of the U.S. National Library of
// Medicine: UTF-8, a row a line, fields ended by |, no header.
//
// It must not know files, folders or terminals, nor what a check makes of a row.
package rrf

import (
	"io"
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// Names of the files in a release.
const (
	ConceptsFile   = "RXNCONSO.RRF"
	RelationsFile  = "RXNREL.RRF"
	AttributesFile = "RXNSAT.RRF"
)

// Release holds the open files of one release.
type Release struct {
	Concepts, Relations io.Reader
	Attributes          io.Reader // nil when the site has none: then there are no package codes
	// Others asks for the codes of all other drugs too: a site's own release then tells another
	// drug from an unknown code.
	Others bool
}

// Table is what a release comes to.
type Table struct {
	Rows   []site.Row // sorted by system, code and ingredient, each once
	Report Report
}

// Import reads a release and derives the rows of a site table. The files are read once, in the
// order of the struct; what is kept of them grows with the number of RxNorm's own concepts and
// package codes and not with the size of the files.
//
// A damaged release gives an error and no table, since half a table looks like a whole one: a line
// that has not the documented number of fields or an id that is none, text that is not UTF-8, an
// empty file, relations that point against the term types of their concepts, or products that no
// relation leads away from.
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
