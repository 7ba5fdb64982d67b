package names

import (
	"slices"
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// Entry is the meaning of a name. Without ingredients it is a look-alike: a phrase that contains
// one of our words but names no drug of ours.
type Entry struct {
	Key         string
	Ingredients string // separated by |
	Kind        string // brand, inn, inn_variant, salt, abbreviation
	region      string
	note        string
	others      string         // other meanings separated by |, ingredients of one by +
	systemic    drugs.Systemic // where the brand acts, by its products; SystemicUnknown if unstated or differing
	Table       string
}

// Find returns the longest name at token i, and its number of tokens; 0 if there is none. If two
// tables have the same name, names.tsv decides.
func Find(p *phrase.Phrase, i int) (Entry, int) {
	rest := p.Key[p.Tokens[i].Start:]
	first := p.Word(i)
	best := longestInNames(rest, first)
	if e := longestMore(rest, first); e != nil && len(e.Key) > len(best.Key) {
		best = *e
	}
	if line := longestIn(data.Brands, rest, first); len(data.Field(line, 0)) > len(best.Key) {
		best = Entry{
			Key: data.Field(line, 0), Ingredients: data.Field(line, 2), Kind: "brand", region: "US",
			systemic: drugs.ParseSystemic(data.Field(line, 3)), Table: data.ProductsFile,
		}
	}
	n := 0
	if best.Key != "" {
		n = 1 + strings.Count(best.Key, " ")
	}
	return best, n
}

func longestInNames(rest, first string) Entry {
	line := longestIn(data.Names, rest, first)
	if line == "" {
		return Entry{}
	}
	return Entry{
		Key: data.Field(line, 0), Ingredients: data.Field(line, 2), Kind: data.Field(line, 3),
		region: data.Field(line, 4), note: data.Field(line, 5), others: data.Field(line, 6), Table: data.NamesFile,
	}
}

// longestIn is the line of a table sorted by key with the longest key that begins rest; "" if there
// is none.
func longestIn(table, rest, first string) string {
	at := data.Search(table, func(key string) int { return strings.Compare(key, first) })
	best := ""
	for at < len(table) {
		line := data.LineAt(table, at)
		key := data.Field(line, 0)
		if !phrase.StartsWith(key, first) {
			break
		}
		if len(key) > len(data.Field(best, 0)) && phrase.StartsWith(rest, key) {
			best = line
		}
		at += len(line) + 1
	}
	return best
}

// MoreNames are the names in other tables: ingredients, aliases, RxNorm brands, and the phrases of
// lookalikes.tsv.
var MoreNames = sync.OnceValue(func() []Entry {
	all := make([]Entry, 0, 1024)
	for line := range data.Rows(data.Ingredients) {
		name := data.Field(line, 0)
		all = append(all, Entry{Key: phrase.Key(name), Ingredients: name, Kind: "inn", Table: data.IngredientsFile})
		for alias := range data.Values(data.Field(line, 6)) {
			all = append(
				all,
				Entry{Key: phrase.Key(alias), Ingredients: name, Kind: "inn_variant", Table: data.IngredientsFile},
			)
		}
	}
	for line := range data.Rows(data.Lookalikes) {
		if name := data.Field(line, 0); strings.Contains(name, " ") {
			all = append(all, Entry{Key: phrase.Key(name)})
		}
	}
	for line := range Brands() {
		all = append(
			all,
			Entry{
				Key:         phrase.Key(data.Field(line, 2)),
				Ingredients: data.Field(line, 3),
				Kind:        "brand",
				region:      "US",
				Table:       data.ProductsFile,
			},
		)
	}
	slices.SortStableFunc(all, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	return slices.CompactFunc(all, func(a, b Entry) bool { return a.Key == b.Key })
})

// Brands yields the brand rows of products.tsv without splitting the other lines.
func Brands() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		const mark = "\tBN\t"
		for at := 0; ; {
			i := strings.Index(data.Products[at:], mark)
			if i < 0 {
				return
			}
			start := strings.LastIndexByte(data.Products[:at+i], '\n') + 1
			line := data.LineAt(data.Products, start)
			if !yield(line) {
				return
			}
			at = start + len(line)
		}
	}
}

func longestMore(rest, first string) *Entry {
	all := MoreNames()
	at, _ := slices.BinarySearchFunc(
		all,
		first,
		func(e Entry, key string) int { return strings.Compare(e.Key, key) },
	)
	var best *Entry
	for ; at < len(all) && phrase.StartsWith(all[at].Key, first); at++ {
		if phrase.StartsWith(rest, all[at].Key) {
			best = &all[at] // sorted, so longer ones come later
		}
	}
	return best
}

// Drugs are the ingredients of an entry, one for each drug.
func (e *Entry) Drugs() []*drugs.Ingredient { return drugs.List(e.Ingredients) }

// Acts reports where a brand acts if all its products agree: those of products.tsv, or those sold
// only for eye, nose or skin. For other brands with a local form it is unknown: their form or route
// decides.
func (e *Entry) Acts() drugs.Systemic {
	if e.systemic != drugs.SystemicUnknown {
		return e.systemic
	}
	what := e.noted("also_topical: ")
	switch {
	case !strings.HasSuffix(what, " only"):
		return drugs.SystemicUnknown
	case e.Ingredients == Doxepin:
		return drugs.SystemicLowAbsorbed
	}
	return drugs.SystemicNo
}

// Doxepin is the one drug whose cream is absorbed enough to act.
const Doxepin = "doxepin"
