// Package dmd reads a release of the NHS dictionary of medicines and devices (dm+d), as XML or as
// the text files of its extract tool, and derives the rows of a site table: virtual and actual
// products, their packs and moieties that contain an ingredient of the tables, and, on request, all
// others.
//
// The formats are those of the dm+d data model of the NHS Business Services Authority. Text files
// have no column names and differ between versions of the tool: only the first column, the code of
// the row, is found by position; references are recognised by what they refer to.
//
// It must not know files, folders or terminals, nor what a check makes of a row.
package dmd

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// Release holds the open files of one release, all in one format. A nil file is absent; only
// Products is required.
type Release struct {
	Substances         io.Reader // f_ingredient
	Moieties           io.Reader // f_vtm
	Products           io.Reader // f_vmp
	ProductIngredients io.Reader // f_vmp_VpiType, text files only: XML has them among the products
	ActualProducts     io.Reader // f_amp
	Packs              io.Reader // f_vmpp
	ActualPacks        io.Reader // f_ampp
	Text               bool      // text files, separated by bars
	// Others includes the codes of all other drugs.
	Others bool
}

// Table is the outcome of a release.
type Table struct {
	Rows   []site.Row // sorted by system, code and ingredient, no duplicates
	Report Report
}

// Report says what an import found.
type Report struct {
	Read    map[string]int // rows by kind: VTM, VMP, AMP, VMPP, AMPP
	Listed  int            // codes that contain a drug of the tables
	Others  int            // codes of other drugs, if requested
	Orphans int            // rows that refer to a product not in the release: read by name
	Differ  []Difference   // virtual products whose ingredients and name differ: all drugs count
}

// Difference is a product whose name and ingredients state different drugs.
type Difference struct {
	Code, Name            string
	ByIngredients, ByName []string
}

type record struct {
	code, previous string
	refs           []string // codes in the order of the row
	name           string
	invalid        bool
}

var errNoProducts = errors.New("the release holds no virtual medicinal products (VMP)")

// Import reads a release and derives the rows of a site table. A damaged file gives an error and no
// table.
func Import(r Release) (*Table, error) {
	d := &derivation{
		tables: terms.Embedded(), others: r.Others, substances: map[string][]string{},
		ingredients: map[string][]string{},
		meanings:    map[string]meaning{}, report: Report{Read: map[string]int{}},
	}
	read := readXML
	if r.Text {
		read = readText
	}
	// In this order each file refers only to earlier ones.
	for _, file := range []struct {
		in   io.Reader
		kind string
		each func(*record)
	}{
		{r.Substances, "ING", d.substance},
		{r.Moieties, "VTM", func(rec *record) { d.named(rec, "VTM") }},
		{r.ProductIngredients, "VPI", d.ingredient},
		{r.Products, "VMP", d.product},
		{r.ActualProducts, "AMP", func(rec *record) { d.of(rec, "AMP") }},
		{r.Packs, "VMPP", func(rec *record) { d.of(rec, "VMPP") }},
		{r.ActualPacks, "AMPP", func(rec *record) { d.of(rec, "AMPP") }},
	} {
		if file.in == nil {
			continue
		}
		kinds := map[string]func(*record){file.kind: file.each}
		if file.kind == "VMP" && !r.Text {
			kinds["VPI"] = d.ingredient
		}
		if err := read(file.in, kinds); err != nil {
			return nil, err
		}
		if file.kind == "VMP" {
			d.products()
		}
	}
	if d.report.Read["VMP"] == 0 {
		return nil, errNoProducts
	}
	slices.SortFunc(d.rows, compareRows)
	return &Table{Rows: slices.CompactFunc(d.rows, sameCode), Report: d.report}, nil
}

func compareRows(a, b site.Row) int {
	return cmp.Or(site.Compare(a, b), cmp.Compare(a.Status, b.Status))
}

// sameCode keeps the current one of two rows that agree on a code.
func sameCode(a, b site.Row) bool { return a.Code == b.Code && a.Ingredient == b.Ingredient }
