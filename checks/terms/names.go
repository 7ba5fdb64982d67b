package terms

import (
	"slices"
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// nameEntry is what a name means. Without ingredients it is a look-alike: a phrase that holds one
// of our words and names no drug of ours.
type nameEntry struct {
	key         string
	ingredients string // separated by |
	kind        string // brand, inn, inn_variant, salt, abbreviation
	region      string
	note        string
	others      string         // what else the name means: meanings separated by |, ingredients of one by +
	systemic    drugs.Systemic // where the brand acts, by its products; SystemicUnknown when they do not tell or differ
	table       string
}

// Tables in which a name or a code may be found, as Match.Table tells them.
const (
	tableIngredients = "ingredients.tsv"
	tableProducts    = "products.tsv"
	tableNames       = "names.tsv"
	tableATC         = "atc.tsv"
	tableRxNorm      = "rxnorm.tsv"
	tableNDC         = "ndc.tsv"
	tableDMD         = "dmd.tsv"
	tableSite        = "site"
)

// findName gives the longest name that starts at token i, and how many tokens it has; 0 when none
// does. Where two tables hold the same name, names.tsv decides.
func findName(p *phrase, i int) (nameEntry, int) {
	rest := p.key[p.tokens[i].start:]
	first := p.word(i)
	best := longestInNames(rest, first)
	if e := longestMore(rest, first); e != nil && len(e.key) > len(best.key) {
		best = *e
	}
	if line := longestIn(brandsTSV, rest, first); len(field(line, 0)) > len(best.key) {
		best = nameEntry{
			key: field(line, 0), ingredients: field(line, 2), kind: "brand", region: "US",
			systemic: parseSystemic(field(line, 3)), table: tableProducts,
		}
	}
	n := 0
	if best.key != "" {
		n = 1 + strings.Count(best.key, " ")
	}
	return best, n
}

func longestInNames(rest, first string) nameEntry {
	line := longestIn(namesTSV, rest, first)
	if line == "" {
		return nameEntry{}
	}
	return nameEntry{
		key: field(line, 0), ingredients: field(line, 2), kind: field(line, 3),
		region: field(line, 4), note: field(line, 5), others: field(line, 6), table: tableNames,
	}
}

// longestIn gives the line of a table sorted by key whose key is the longest that rest begins with;
// "" when none is.
func longestIn(table, rest, first string) string {
	at := search(table, func(key string) int { return strings.Compare(key, first) })
	best := ""
	for at < len(table) {
		line := lineAt(table, at)
		key := field(line, 0)
		if !startsWithWord(key, first) {
			break
		}
		if len(key) > len(field(best, 0)) && startsWithWord(rest, key) {
			best = line
		}
		at += len(line) + 1
	}
	return best
}

// startsWithWord tells whether s begins with the words of prefix.
func startsWithWord(s, prefix string) bool {
	return strings.HasPrefix(s, prefix) && (len(s) == len(prefix) || s[len(prefix)] == ' ')
}

// moreNames are the names that other tables hold: ingredients, aliases, RxNorm brands, and the
// phrases of lookalikes.tsv.
var moreNames = sync.OnceValue(func() []nameEntry {
	all := make([]nameEntry, 0, 1024)
	for line := range rows(ingredientsTSV) {
		name := field(line, 0)
		all = append(all, nameEntry{key: normalise(name), ingredients: name, kind: "inn", table: tableIngredients})
		for alias := range values(field(line, 6)) {
			all = append(
				all,
				nameEntry{key: normalise(alias), ingredients: name, kind: "inn_variant", table: tableIngredients},
			)
		}
	}
	for line := range rows(lookalikesTSV) {
		if name := field(line, 0); strings.Contains(name, " ") {
			all = append(all, nameEntry{key: normalise(name)})
		}
	}
	for line := range brands() {
		all = append(
			all,
			nameEntry{
				key:         normalise(field(line, 2)),
				ingredients: field(line, 3),
				kind:        "brand",
				region:      "US",
				table:       tableProducts,
			},
		)
	}
	slices.SortStableFunc(all, func(a, b nameEntry) int { return strings.Compare(a.key, b.key) })
	return slices.CompactFunc(all, func(a, b nameEntry) bool { return a.key == b.key })
})

// brands yields the brand rows of products.tsv without cutting the other lines.
func brands() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		const mark = "\tBN\t"
		for at := 0; ; {
			i := strings.Index(productsTSV[at:], mark)
			if i < 0 {
				return
			}
			start := strings.LastIndexByte(productsTSV[:at+i], '\n') + 1
			line := lineAt(productsTSV, start)
			if !yield(line) {
				return
			}
			at = start + len(line)
		}
	}
}

func longestMore(rest, first string) *nameEntry {
	all := moreNames()
	at, _ := slices.BinarySearchFunc(
		all,
		first,
		func(e nameEntry, key string) int { return strings.Compare(e.key, key) },
	)
	var best *nameEntry
	for ; at < len(all) && startsWithWord(all[at].key, first); at++ {
		if startsWithWord(rest, all[at].key) {
			best = &all[at] // sorted, so a longer one comes later
		}
	}
	return best
}

// drugs are the ingredients of an entry, one for each drug.
func (e *nameEntry) drugs() []*drugs.Ingredient { return resolve(e.ingredients) }

// resolve turns the ingredients field of a table into ingredients, each once.
func resolve(list string) []*drugs.Ingredient {
	drugs := make([]*drugs.Ingredient, 0, 2)
	for name := range values(list) {
		if drug := ingredients().byName[name]; drug != nil && !slices.Contains(drugs, drug) {
			drugs = append(drugs, drug)
		}
	}
	return drugs
}

// acts tells where a brand acts when all its products agree: those of products.tsv, or those that
// are sold for eye, nose or skin only. Other brands with a local form leave it unknown: their form
// or route decides.
func (e *nameEntry) acts() drugs.Systemic {
	if e.systemic != drugs.SystemicUnknown {
		return e.systemic
	}
	what := e.noted("also_topical: ")
	switch {
	case !strings.HasSuffix(what, " only"):
		return drugs.SystemicUnknown
	case e.ingredients == doxepin:
		return drugs.SystemicLowAbsorbed
	}
	return drugs.SystemicNo
}
