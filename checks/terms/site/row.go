package site

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// Of makes a table of rows that come from no file.
func Of(rows []Row) (*Table, error) {
	var text bytes.Buffer
	for i, row := range rows {
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("site row %d (code %s): %w", i+1, row.Code, err)
		}
		text.WriteString(row.String() + "\n")
	}
	return newSiteTable("", text.Bytes())
}

// Row says which ingredient a site's code contains; a combination has one row for each ingredient.
// Fields after Ingredient are optional. The site's row outranks the embedded tables.
type Row struct {
	System, Code string
	// Ingredient is a name or alias in ingredients.tsv; NoIngredient means an ordinary drug.
	Ingredient string
	// Systemic by the product itself; if unknown, or different in rows of one code, the route of
	// the order decides.
	Systemic drugs.Systemic
	// Strength of one unit in milligrams, or of one millilitre if PerML, as a decimal number.
	Strength string
	PerML    bool
	// Name of the product. It is not used for matching, but partners of a listed ingredient are
	// read from it (pyridoxine).
	Name string
	// Kind is the RxNorm term type. A product outranks a brand, an ingredient or a component beside
	// it.
	Kind string
	// Route is a route group as in products.tsv (oral, injectable, topical, ...).
	Route string
	// Status is empty for a current code; obsolete or suppressed if its owner has withdrawn it.
	Status string
}

// NoIngredient in place of an ingredient means an ordinary drug, which no check covers.
const NoIngredient = "-"

// Columns of a site table in their order. The first three are required.
var Columns = [...]string{"system", "code", "ingredient", "systemic", "strength", "name", "kind", "route", "status"}

const required = 3

// String is the row as a line of a site table, without empty trailing fields.
func (r Row) String() string {
	systemic, strength := "", r.Strength
	if r.Systemic != drugs.SystemicUnknown {
		systemic = r.Systemic.String()
	}
	if r.PerML {
		strength += PerML
	}
	fields := [...]string{r.System, r.Code, r.Ingredient, systemic, strength, r.Name, r.Kind, r.Route, r.Status}
	return strings.TrimRight(strings.Join(fields[:], "\t"), "\t")
}

// PerML ends a strength per millilitre.
const PerML = "/mL"

func parseRow(line string) (Row, error) {
	var f [len(Columns)]string
	n := 0
	for value := range strings.SplitSeq(line, "\t") {
		if n < len(f) {
			f[n] = strings.TrimSpace(value)
		}
		n++
	}
	if n < required || n > len(f) {
		return Row{}, fmt.Errorf(
			"%d fields, want system, code and ingredient separated by tabs, and at most %d",
			n,
			len(f),
		)
	}
	row := Row{
		System:     f[0],
		Code:       f[1],
		Ingredient: f[2],
		Systemic:   drugs.ParseSystemic(f[3]),
		Name:       f[5],
		Kind:       f[6],
		Route:      f[7],
		Status:     f[8],
	}
	if row.Systemic == drugs.SystemicUnknown && f[3] != "" && f[3] != "unknown" {
		return Row{}, fmt.Errorf("systemic is %q, want yes, no, low_absorbed, depends or unknown", f[3])
	}
	row.Strength, row.PerML = strings.CutSuffix(f[4], PerML)
	return row, row.check()
}

func (r Row) check() error {
	switch {
	case r.System == "" || r.Code == "":
		return fmt.Errorf("system or code is empty")
	case (r.Strength != "" || r.PerML) && !phrase.IsNumber(r.Strength):
		return fmt.Errorf(
			"strength is %q, want milligrams as a decimal number, followed by %s for a millilitre",
			r.Strength,
			PerML,
		)
	case strings.ContainsAny(r.System+r.Code+r.Ingredient+r.Name+r.Kind+r.Route+r.Status, "\t\n\r"):
		return fmt.Errorf("a value holds a tab or a line end")
	}
	switch r.Status {
	case "", "current", "obsolete", "suppressed":
	default:
		return fmt.Errorf("status is %q, want current, obsolete or suppressed", r.Status)
	}
	if _, ok := drugs.Find(r.Ingredient); !ok && r.Ingredient != NoIngredient {
		return fmt.Errorf("no ingredient %q in the tables", r.Ingredient)
	}
	return nil
}

// Compare orders rows by system, code and ingredient, as a site table is searched.
func Compare(a, b Row) int {
	return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Ingredient, b.Ingredient))
}

// comparableCode is the form used to compare codes: eleven digits for a National Drug Code (5-4
// with a hyphen for a product without a package), eight for a Pharmazentralnummer. Other codes stay
// as they are.
func comparableCode(system, code string) string {
	switch system {
	case codes.NDC:
		return codes.ComparableNDC(code)
	case codes.Pzn:
		digits := strings.TrimPrefix(strings.TrimPrefix(code, "PZN"), "-")
		if n := len(digits); n > 0 && n < 8 && phrase.IsNumber(digits) {
			return "00000000"[n:] + digits
		}
		return digits
	}
	return code
}
