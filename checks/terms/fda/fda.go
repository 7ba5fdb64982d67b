// Package fda reads the two text files of the FDA's National Drug Code directory (product.txt,
// package.txt) and derives the rows of a site table: every product and package that contains an
// ingredient of the tables, and, on request, all others.
//
// The files are tab-separated, and columns are found by the names in the first line. Text that is
// not UTF-8 is read as Windows-1252.
//
// It must not know files, folders or terminals, nor what a check makes of a row.
package fda

import (
	"io"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/forms"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// File names in the directory's archive.
const (
	ProductsFile = "product.txt"
	PackagesFile = "package.txt"
)

// Directory holds the open files of one day's directory.
type Directory struct {
	Products, Packages io.Reader
	// Others includes the codes of all other drugs.
	Others bool
}

// Table is the outcome of a directory.
type Table struct {
	Rows   []site.Row // sorted by system, code and ingredient, no duplicates
	Report Report
}

// Report says what an import found.
type Report struct {
	Products, Packages int // read
	Listed             int // packages that contain a drug of the tables
	Others             int // packages of other drugs, if requested
	Odd                int // codes in no form of a National Drug Code: left out
	Orphans            int // packages of a product missing from product.txt: left out
}

// Import reads a directory and derives the rows of a site table. A file without rows or without the
// required columns gives an error and no table.
func Import(d Directory) (*Table, error) {
	t := &Table{}
	products, err := readProducts(d.Products, &t.Report)
	if err != nil {
		return nil, err
	}
	var rows []site.Row
	err = readTable(d.Packages, PackagesFile, []string{"PRODUCTNDC", "NDCPACKAGECODE"}, func(get func(string) string) {
		t.Report.Packages++
		of, known := products[get("PRODUCTNDC")]
		code := codes.NDC11(get("NDCPACKAGECODE"))
		switch {
		case !known:
			t.Report.Orphans++
		case len(code) != 11:
			t.Report.Odd++
		case len(of) > 0:
			t.Report.Listed++
		case d.Others:
			t.Report.Others++
		}
		if known && len(code) == 11 {
			rows = append(rows, rowsOf(of, code, d.Others)...)
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, site.Compare)
	t.Rows = site.WithNDCProducts(slices.Compact(rows))
	return t, nil
}

// rowsOf are the rows of a product for one of its packages.
func rowsOf(product []site.Row, code string, others bool) []site.Row {
	if len(product) == 0 {
		if !others {
			return nil
		}
		return []site.Row{{System: codes.NDC, Code: code, Ingredient: site.NoIngredient}}
	}
	rows := slices.Clone(product)
	for i := range rows {
		rows[i].Code = code
	}
	return rows
}

// readProducts returns the rows of each product, without a code; another drug's product has none.
func readProducts(r io.Reader, report *Report) (map[string][]site.Row, error) {
	products := map[string][]site.Row{}
	need := []string{
		"PRODUCTNDC", "NONPROPRIETARYNAME", "SUBSTANCENAME", "DOSAGEFORMNAME", "ROUTENAME", "MARKETINGCATEGORYNAME",
		"ACTIVE_NUMERATOR_STRENGTH", "ACTIVE_INGRED_UNIT",
	}
	err := readTable(r, ProductsFile, need, func(get func(string) string) {
		report.Products++
		code := get("PRODUCTNDC")
		products[code] = append(products[code], productRows(get)...)
	})
	if err != nil {
		return nil, err
	}
	for code, rows := range products {
		products[code] = mergeRows(rows)
	}
	return products, nil
}

// mergeRows keeps one row for each ingredient of a product listed several times, with only what its
// listings agree on.
func mergeRows(rows []site.Row) []site.Row {
	var merged []site.Row
	for _, row := range rows {
		i := slices.IndexFunc(merged, func(m site.Row) bool { return m.Ingredient == row.Ingredient })
		if i < 0 {
			merged = append(merged, row)
			continue
		}
		m := &merged[i]
		if m.Strength != row.Strength || m.PerML != row.PerML {
			m.Strength, m.PerML = "", false
		}
		if m.Systemic != row.Systemic {
			m.Systemic = drugs.SystemicUnknown
		}
		if m.Route != row.Route {
			m.Route = ""
		}
	}
	return merged
}

func productRows(get func(string) string) []site.Row {
	if strings.Contains(strings.ToUpper(get("MARKETINGCATEGORYNAME")), "HOMEOPATHIC") {
		return nil // named after drugs, contains none
	}
	tables := terms.Embedded()
	substances := list(get("SUBSTANCENAME"))
	if len(substances) == 0 {
		substances = []string{get("NONPROPRIETARYNAME")}
	}
	amounts, units := list(get("ACTIVE_NUMERATOR_STRENGTH")), list(get("ACTIVE_INGRED_UNIT"))
	acts, route := actsWhere(get("ROUTENAME"), get("DOSAGEFORMNAME"))
	name := ""
	if len(substances) > 1 {
		name = strings.Join(substances, " / ") // partners that change a check are read from it
	}
	var rows []site.Row
	for i, substance := range substances {
		for _, f := range tables.Classify(nil, []string{substance}).Found {
			if f.Doubt != "" {
				continue
			}
			row := site.Row{System: codes.NDC, Ingredient: f.Name, Systemic: acts, Route: route, Name: name}
			if acts == drugs.SystemicDepends {
				row.Systemic = f.Nasal()
			}
			if i < len(amounts) && i < len(units) {
				row.Strength, row.PerML = strength(amounts[i], units[i])
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func list(value string) []string {
	var all []string
	for one := range strings.SplitSeq(value, ";") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// actsWhere reports where a product acts, by its route, else by its dose form. Routes that differ
// leave it unknown.
func actsWhere(routes, form string) (drugs.Systemic, string) {
	acts, route := drugs.SystemicUnknown, ""
	for i, one := range list(routes) {
		a, r := forms.Route(nil, []string{one})
		if i > 0 && a != acts {
			return drugs.SystemicUnknown, ""
		}
		if i > 0 && r != route {
			r = ""
		}
		acts, route = a, r
	}
	if acts == drugs.SystemicUnknown {
		acts = forms.Form([]codes.Coding{{Display: form}})
	}
	return acts, route
}

// strength returns milligrams per unit or per millilitre: the directory writes 50 with mg/1, mg/mL
// or mg/5mL. Units other than milligrams and micrograms are left out.
func strength(amount, unit string) (milligrams string, perML bool) {
	mass, per, ok := strings.Cut(strings.ToLower(unit), "/")
	if !ok {
		return "", false
	}
	value, ok := decimal(amount)
	if !ok {
		return "", false
	}
	switch mass {
	case "mg":
	case "ug":
		value.Quo(value, thousand)
	case "g":
		value.Mul(value, thousand)
	default:
		return "", false
	}
	switch volume, isVolume := strings.CutSuffix(per, "ml"); {
	case per == "1":
	case isVolume && volume == "":
		perML = true
	case isVolume:
		n, ok := decimal(volume)
		if !ok || n.Sign() == 0 {
			return "", false
		}
		value.Quo(value, n)
		perML = true
	default:
		return "", false
	}
	return written(value), perML
}
