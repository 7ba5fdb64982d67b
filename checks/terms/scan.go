package terms

import "strings"

// mention is one name found in a text.
type mention struct {
	entry      nameEntry
	first, end int // tokens
}

// mentions finds the names of our drugs in a text: whole tokens, the longest name first, none twice, none that is denied.
func mentions(p *phrase) []mention {
	var found []mention
	denied := false
	for i := 0; i < len(p.tokens); {
		if p.tokens[i].gap >= gapBreak {
			denied = false
		}
		entry, n := findName(p, i)
		if n == 0 {
			entry, n = findKanaStem(p, i)
		}
		if n == 0 {
			entry, n = findStem(p, i)
		}
		if n == 0 {
			denied = denied && !contrasts[p.word(i)] || denies(p, i)
			i++
			continue
		}
		if entry.ingredients != "" && !denied && !freeOf(p, i+n) && (!entry.onlyWithForm() || p.tellsProduct()) {
			found = append(found, mention{entry, i, i + n})
		}
		i += n
	}
	return found
}

// denials are words after which a name does not count, up to the end of the phrase, in the languages of names.tsv.
var denials = words(`no not without kein keine keinen keiner nicht ohne sans sin senza sem zonder geen niet
	ikke inte ej uden utan uten ilman bez nie`)

// contrasts end a denial within a phrase.
var contrasts = words("but aber sondern mais pero sino ma mas maar men mutta ale")

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// denies tells whether token i denies what follows. "No. 3" and "no 3" count, they do not deny.
func denies(p *phrase, i int) bool {
	word := p.word(i)
	last := i+1 >= len(p.tokens)
	switch {
	case word == "w" && !last && p.word(i+1) == "o" && p.tokens[i+1].gap == gapList:
		return true // w/o
	case word == "o" && i > 0 && p.word(i-1) == "w" && p.tokens[i].gap == gapList:
		return true
	case !denials[word]:
		return false
	case last:
		return false
	}
	next := p.tokens[i+1]
	return !(word == "no" && (next.gap == gapNumber || isDigit(p.key[next.start])))
}

// freeOf tells whether the token after a name says that the product is free of it ("codeine-free").
func freeOf(p *phrase, i int) bool {
	if i >= len(p.tokens) || p.tokens[i].gap > gapSpace {
		return false
	}
	switch p.word(i) {
	case "free", "frei", "freie", "freier", "fri", "fritt", "vrij":
		return true
	}
	return false
}

// kanaSalts end Japanese names that are written in one with the acid of their salt (クエチアピンフマル酸塩).
var kanaSalts = []string{
	"マレイン", "フマル", "コハク", "シュウ", "メシル", "ベシル", "トシル", "クエン", "タンニン", "デカン", "エナント", "パモ", "エンボン",
	"ヒベンズ", "サリチル", "リンゴ", "ナトリウム", "カリウム", "パルミチン", "ウンデシレン", "リン",
}

// findKanaStem looks a Japanese name up without the salt that ends it.
func findKanaStem(p *phrase, i int) (nameEntry, int) {
	word := p.word(i)
	if len(word) < 6 || word[0] != 0xE3 {
		return nameEntry{}, 0
	}
	for _, salt := range kanaSalts {
		stem, ok := strings.CutSuffix(word, salt)
		if !ok || stem == "" {
			continue
		}
		if entry, n := findName(fold(stem), 0); n == 1 {
			return entry, 1
		}
	}
	return nameEntry{}, 0
}
