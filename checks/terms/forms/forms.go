package forms

import (
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// Word is a row of forms.tsv: words of a dose form or route, and where the drug then acts.
type Word struct {
	Route    string
	Systemic drugs.Systemic
	Strong   bool // outranks weak words: "capsule" against "gel" or "nasal"
}

// table holds forms.tsv by its words; suffixes are the rows for compound words (*tabletten).
type table struct {
	words    map[string]Word
	longest  map[string]int // most words in a row, by first word
	suffixes []ending
}

type ending struct {
	suffix string
	word   Word
}

var words = sync.OnceValue(func() *table {
	t := &table{words: make(map[string]Word, 1024), longest: make(map[string]int, 1024)}
	for line := range data.Rows(data.Forms) {
		w := Word{
			Route:    data.Field(line, 1),
			Systemic: drugs.ParseSystemic(data.Field(line, 2)),
			Strong:   data.Field(line, 3) == "strong",
		}
		if suffix, ok := strings.CutPrefix(data.Field(line, 0), "*"); ok {
			t.suffixes = append(t.suffixes, ending{suffix, w})
			continue
		}
		key := phrase.Key(data.Field(line, 0))
		first, rest, _ := strings.Cut(key, " ")
		t.words[key] = w
		t.longest[first] = max(t.longest[first], 1+len(strings.Fields(rest)))
	}
	return t
})

// At returns the longest form words at token i, and their number of tokens.
func At(p *phrase.Phrase, i int) (Word, int) { return words().at(p, i) }

func (t *table) at(p *phrase.Phrase, i int) (Word, int) {
	word := p.Word(i)
	for n := min(t.longest[word], len(p.Tokens)-i); n > 0; n-- {
		if w, ok := t.words[p.Key[p.Tokens[i].Start:p.Tokens[i+n-1].End]]; ok {
			return w, n
		}
	}
	for _, s := range t.suffixes {
		if len(word) > len(s.suffix)+2 && strings.HasSuffix(word, s.suffix) {
			return s.word, 1
		}
	}
	return Word{}, 0
}

// Of reads the dose form and route words of a text, including those inside a brand ("Banophen
// Cream"). Contradicting strong words leave it unknown.
func Of(p *phrase.Phrase) Word {
	var best Word
	conflict := false
	for i := 0; i < len(p.Tokens); {
		w, n := words().at(p, i)
		if n == 0 {
			i++
			continue
		}
		i += n
		switch {
		case best.Systemic == drugs.SystemicUnknown, w.Strong && !best.Strong:
			best, conflict = w, false
		case w.Strong == best.Strong && w.Systemic != best.Systemic:
			conflict = true
		}
	}
	if conflict {
		return Word{}
	}
	return best
}
