package terms

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Options say what a site adds to the embedded tables and takes from them.
type Options struct {
	// Region (ISO 3166 code as in names.tsv: US, UK, DE, FR, ...) makes a brand that means another drug elsewhere certain.
	Region string
	// WithoutATC drops the ATC codes, whose terms of use not every site can accept.
	WithoutATC bool
	// Site are the site's own codes (NDC, PZN, dm+d, AMT, SNOMED CT, local).
	Site []SiteRow
}

// SiteRow says which ingredient a site's code holds; a combination has one row for each ingredient.
type SiteRow struct{ System, Code, Ingredient string }

// codeKey is a code of a canonical system.
type codeKey struct{ system, code string }

// ReadSite reads a site table: lines of system, code and ingredient, separated by tabs; empty lines and lines that start
// with # are left out. Ingredients are those of ingredients.tsv or their aliases. An error names the line.
func ReadSite(r io.Reader) ([]SiteRow, error) {
	var site []SiteRow
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimPrefix(strings.TrimRight(lines.Text(), "\r"), "\ufeff")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row, err := parseSiteRow(line)
		if err != nil {
			return nil, fmt.Errorf("site table, line %d: %w", n, err)
		}
		site = append(site, row)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("site table: %w", err)
	}
	return site, nil
}

func parseSiteRow(line string) (SiteRow, error) {
	fields := strings.Split(line, "\t")
	if len(fields) != 3 {
		return SiteRow{}, fmt.Errorf("%d fields, want system, code and ingredient separated by tabs", len(fields))
	}
	row := SiteRow{System: strings.TrimSpace(fields[0]), Code: strings.TrimSpace(fields[1]), Ingredient: strings.TrimSpace(fields[2])}
	return row, row.check()
}

func (r SiteRow) check() error {
	if r.System == "" || r.Code == "" {
		return fmt.Errorf("system or code is empty")
	}
	if _, ok := Embedded().Ingredient(r.Ingredient); !ok {
		return fmt.Errorf("no ingredient %q in the tables", r.Ingredient)
	}
	return nil
}

// siteCodes indexes a site's rows.
func siteCodes(site []SiteRow) (map[codeKey][]*Ingredient, error) {
	codes := make(map[codeKey][]*Ingredient, len(site))
	for i, row := range site {
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("site row %d (code %s): %w", i+1, row.Code, err)
		}
		drug, _ := Embedded().Ingredient(row.Ingredient)
		key := keyOf(CanonicalSystem(row.System), row.Code)
		if !containsDrug(codes[key], drug) {
			codes[key] = append(codes[key], drug)
		}
	}
	return codes, nil
}

func containsDrug(drugs []*Ingredient, drug *Ingredient) bool {
	for _, known := range drugs {
		if known == drug {
			return true
		}
	}
	return false
}

// keyOf is the key of a code; a National Drug Code is compared in its form of eleven digits.
func keyOf(system, code string) codeKey {
	if system == NDC {
		code = ndc11(code)
	}
	return codeKey{system, code}
}

// ndc11 gives the form of eleven digits (5-4-2) of a hyphenated National Drug Code; other codes stay.
func ndc11(code string) string {
	parts := strings.Split(code, "-")
	if len(parts) != 3 || len(parts[0]) > 5 || len(parts[1]) > 4 || len(parts[2]) > 2 {
		return code
	}
	pad := func(s string, n int) string { return strings.Repeat("0", n-len(s)) + s }
	return pad(parts[0], 5) + pad(parts[1], 4) + pad(parts[2], 2)
}
