package terms

import "strings"

// mention is one name found in a text.
type mention struct {
	entry      nameEntry
	first, end int // tokens
}

// mentions finds the names of our drugs in a text: whole tokens, the longest name first, none
// twice, none that is denied.
func mentions(p *phrase) []mention {
	var found []mention
	denied := false
	for i := 0; i < len(p.tokens); {
		if p.tokens[i].gap >= gapBreak {
			denied = i > 0 && (allergies[p.word(i-1)] || intolerances[p.word(i-1)]) && headsPhrase(p, i)
		}
		entry, n := findName(p, i)
		if n == 0 {
			entry, n = findKanaStem(p, i)
		}
		if n == 0 {
			entry, n = findStem(p, i)
		}
		if n == 0 {
			denied = denied && !contrasts[p.word(i)] || denies(p, i) || objects(p, i)
			i++
			continue
		}
		if entry.ingredients != "" && !denied && !freeOf(p, i+n) && !notTolerated(p, i+n, &entry) &&
			(!entry.onlyWithForm() || p.tellsProduct()) {
			found = append(found, mention{entry, i, i + n})
		}
		i += n
	}
	return found
}

// denials are words after which a name does not count, up to the end of the phrase, in the
// languages of names.tsv.
var denials = words(`no not without kein keine keinen keiner nicht ohne sans sin senza sem zonder geen niet
	ikke inte ej uden utan uten ilman bez nie`)

// allergies and intolerances say that a patient must not have what stands beside them, unless they
// are a part of a product's name.
var (
	allergies = words(
		"allergy allergies allergic allergie allergien allergisch allergique alergia alergias alergico allergia allergico allergi",
	)
	intolerances = words(
		`intolerance intolerances intolerant unvertraglichkeit intoleranz intolerant intolerante intolerancia intoleranza
		intolleranza overgevoeligheid`,
	)
	// beside link an allergy to what it is against.
	beside = words("to against of gegen auf zu a al alla au aux a la contre contra voor mot for with")
)

// objects tells whether token i says that what follows is not tolerated ("allergy to codeine",
// "intolerance codeine"). "Allergy relief" and "allergy tablets" are products.
func objects(p *phrase, i int) bool {
	word := p.word(i)
	if i+1 >= len(p.tokens) || p.tokens[i+1].gap >= gapBreak {
		return false
	}
	switch {
	case intolerances[word]:
		return true
	case !allergies[word]:
		return false
	case beside[p.word(i+1)]:
		return true
	}
	_, n := findName(p, i+1)
	return n > 0 && len(p.amounts(0, len(p.tokens))) == 0 && formOf(p).route == ""
}

// notTolerated tells whether a name, which ends before token i, is one of something that is not
// tolerated ("codeine allergy"). Brands have lines of that name ("Benadryl Allergy").
func notTolerated(p *phrase, i int, entry *nameEntry) bool {
	if i >= len(p.tokens) || p.tokens[i].gap >= gapBreak {
		return false
	}
	word, last := p.word(i), i+1 == len(p.tokens) || p.tokens[i+1].gap >= gapBreak
	return intolerances[word] || allergies[word] && last && entry.kind != "brand"
}

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
