package terms

import (
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// formWord is a row of forms.tsv: words of a dose form or a route, and where the drug acts then.
type formWord struct {
	route    string
	systemic drugs.Systemic
	strong   bool // a weak word ("gel", "nasal") gives way to a strong one ("capsule")
}

// formTable holds forms.tsv by its words; suffixes are the rows for compound words (*tabletten).
type formTable struct {
	words    map[string]formWord
	longest  map[string]int // by first word: how many words the longest row has
	suffixes []formSuffix
}

type formSuffix struct {
	suffix string
	word   formWord
}

var forms = sync.OnceValue(func() *formTable {
	t := &formTable{words: make(map[string]formWord, 1024), longest: make(map[string]int, 1024)}
	for line := range rows(formsTSV) {
		w := formWord{
			route:    field(line, 1),
			systemic: parseSystemic(field(line, 2)),
			strong:   field(line, 3) == "strong",
		}
		if suffix, ok := strings.CutPrefix(field(line, 0), "*"); ok {
			t.suffixes = append(t.suffixes, formSuffix{suffix, w})
			continue
		}
		key := normalise(field(line, 0))
		first, rest, _ := strings.Cut(key, " ")
		t.words[key] = w
		t.longest[first] = max(t.longest[first], 1+len(strings.Fields(rest)))
	}
	return t
})

// at gives the longest form words that start at token i, and how many tokens they are.
func (t *formTable) at(p *phrase, i int) (formWord, int) {
	word := p.word(i)
	for n := min(t.longest[word], len(p.tokens)-i); n > 0; n-- {
		if w, ok := t.words[p.key[p.tokens[i].start:p.tokens[i+n-1].end]]; ok {
			return w, n
		}
	}
	for _, s := range t.suffixes {
		if len(word) > len(s.suffix)+2 && strings.HasSuffix(word, s.suffix) {
			return s.word, 1
		}
	}
	return formWord{}, 0
}

// formOf reads the dose form and route words of a text, those inside a brand too ("Banophen
// Cream"). Strong words that contradict each other leave it unknown.
func formOf(p *phrase) formWord {
	var best formWord
	conflict := false
	for i := 0; i < len(p.tokens); {
		w, n := forms().at(p, i)
		if n == 0 {
			i++
			continue
		}
		i += n
		switch {
		case best.systemic == drugs.SystemicUnknown, w.strong && !best.strong:
			best, conflict = w, false
		case w.strong == best.strong && w.systemic != best.systemic:
			conflict = true
		}
	}
	if conflict {
		return formWord{}
	}
	return best
}
