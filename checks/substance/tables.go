package substance

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// tables are the table rows a check reads: those of its drugs, those that tell a drug's route into
// the body, the diagnoses, and the laboratory codes if it has limits for results. A site's
// additions count as a whole.
func tables(c checks.Check, s *checks.Settings) []Part {
	own := ingredientsOf(c)
	var parts []Part
	for _, t := range []struct{ name, text string }{
		{data.IngredientsFile, data.Ingredients}, {data.ProductsFile, data.Products}, {data.NamesFile, data.Names},
		{"brands.tsv", data.Brands}, {data.ATCFile, data.ATC}, {data.RxNormFile, data.RxNorm},
		{"dmd_meanings.tsv", data.DMDMeanings},
	} {
		parts = append(parts, Part{"table " + t.name, sum(rowsOf(t.text, own))})
	}
	for _, t := range []struct{ name, text string }{
		{data.NDCFile, data.Packed(data.NDC).Sum()}, {data.DMDFile, data.Packed(data.DMD).Sum()},
		{"rxnorm_release.tsv", data.Packed(data.RxNormRelease).Sum()},
		{"routes.tsv", data.Routes}, {"forms.tsv", data.Forms}, {"lookalikes.tsv", data.Lookalikes},
		{"placeholders.tsv", data.Placeholders}, {"indications.tsv", data.Indications},
		{"rls_conditions.tsv", data.Conditions},
	} {
		parts = append(parts, Part{"table " + t.name, sum([]string{t.text})})
	}
	if readsLabs(c, s) {
		parts = append(parts, Part{"table labs.tsv", sum([]string{data.Labs})})
	}
	if s.Terms != nil {
		parts = append(parts, Part{"region", s.Terms.Region()}, Part{"site tables", sum([]string{s.Terms.Site()})})
	}
	return parts
}

// ingredientsOf are the names of the drugs a check is about; nil means all.
func ingredientsOf(c checks.Check) map[string]bool {
	classes := c.Concerns()
	if len(classes) == 0 {
		return nil
	}
	own := map[string]bool{}
	for line := range data.Rows(data.Ingredients) {
		if slices.Contains(classes, drugs.Class(data.Field(line, 1))) {
			own[data.Field(line, 0)] = true
		}
	}
	return own
}

// rowsOf are the rows of a table with one of the ingredients in a field of its own; all if own is
// nil.
func rowsOf(table string, own map[string]bool) []string {
	var found []string
	for line := range data.Rows(table) {
		if own == nil || names(line, own) {
			found = append(found, line)
		}
	}
	return found
}

func names(line string, own map[string]bool) bool {
	return slices.ContainsFunc(strings.FieldsFunc(line, func(r rune) bool { return r == '\t' || r == '|' || r == '+' }),
		func(field string) bool { return own[field] })
}

// readsLabs reports whether a check has limits for results.
func readsLabs(c checks.Check, s *checks.Settings) bool {
	for _, limit := range c.Thresholds(s) {
		if strings.HasPrefix(limit.Name, "iron.") || strings.HasPrefix(limit.Name, "renal.") {
			return true
		}
	}
	return false
}
