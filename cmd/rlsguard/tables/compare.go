package tables

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/site"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

type terminologyCompare struct {
	Old string `arg:"" type:"existingfile" help:"Site table in use."`
	New string `arg:"" type:"existingfile" help:"New site table."`
	All bool   `help:"List every changed code, not just the first twenty of each kind."`
}

// Help is shown below the options.
func (terminologyCompare) Help() string {
	return `Examples:
  rlsguard terminology compare rxnorm-2026-02.tsv rxnorm-2026-03.tsv

Lists codes whose drug, strength or site of action changed, and codes of listed drugs that are missing from the new table. Counts new codes.

Read this before you use the new table. Then replay a copy of the stored data with both configurations and compare the flags.`
}

// codeOf is a code with its system.
type codeOf struct{ system, code string }

// Run compares the tables.
func (c *terminologyCompare) Run(p *terminal.Program) error {
	tables, err := settings.ReadSiteTables([]string{c.Old, c.New})
	if err != nil {
		return err
	}
	before, after := meaningsOf(tables[0]), meaningsOf(tables[1])
	var changed, gone []string
	added, others := 0, 0
	for _, code := range slices.SortedFunc(maps.Keys(before), compareCodes) {
		old := before[code]
		now, stays := after[code]
		switch {
		case stays && now != old:
			changed = append(changed, fmt.Sprintf("%s %s: %s; was %s", code.system, code.code, now, old))
		case !stays && old != ordinaryDrug:
			gone = append(gone, fmt.Sprintf("%s %s: was %s", code.system, code.code, old))
		}
	}
	for code, now := range after {
		if _, known := before[code]; !known && now != ordinaryDrug {
			added++
		} else if !known {
			others++
		}
	}
	lines := []string{
		fmt.Sprintf(
			"%d codes before, %d now: %d new of listed drugs, %d new of other drugs",
			len(before),
			len(after),
			added,
			others,
		),
	}
	lines = append(lines, c.list("mean something else", changed)...)
	lines = append(lines, c.list("of listed drugs are gone", gone)...)
	return terminal.WriteLine(p.Stdout, []byte(strings.Join(lines, "\n")))
}

func (c *terminologyCompare) list(what string, codes []string) []string {
	lines := []string{fmt.Sprintf("%d codes %s", len(codes), what)}
	for i, line := range codes {
		if i == contradictionsShown && !c.All {
			return append(lines, fmt.Sprintf("  and %d more (--all)", len(codes)-i))
		}
		lines = append(lines, "  "+line)
	}
	return lines
}

func compareCodes(a, b codeOf) int {
	return cmp.Or(cmp.Compare(a.system, b.system), cmp.Compare(len(a.code), len(b.code)), cmp.Compare(a.code, b.code))
}

const ordinaryDrug = "another drug"

// meaningsOf gives what each code means, in words: what a check makes of it would change with it.
func meaningsOf(t *site.Table) map[codeOf]string {
	parts := map[codeOf][]string{}
	for row := range t.Rows() {
		code := codeOf{codes.Canonical(row.System), row.Code}
		if meaning := meaningOf(row); !slices.Contains(parts[code], meaning) {
			parts[code] = append(parts[code], meaning)
		}
	}
	meanings := make(map[codeOf]string, len(parts))
	for code, names := range parts {
		slices.Sort(names)
		meanings[code] = strings.Join(names, " and ")
	}
	return meanings
}

func meaningOf(row site.Row) string {
	if row.Ingredient == site.NoIngredient {
		return ordinaryDrug
	}
	meaning := row.Ingredient
	if row.Strength != "" {
		meaning += " " + row.Strength + " mg"
	}
	if row.PerML {
		meaning += "/mL"
	}
	if row.Systemic != drugs.SystemicUnknown {
		meaning += " (systemic " + row.Systemic.String() + ")"
	}
	return meaning
}
