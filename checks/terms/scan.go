package terms

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/forms"
	"github.com/rlsguard/rlsguard/checks/terms/names"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
	"github.com/rlsguard/rlsguard/checks/terms/strength"
)

type mention struct {
	entry      names.Entry
	first, end int // tokens
}

// mentions finds the names of our drugs in a text: whole tokens, longest name first, none twice,
// none that is denied.
func mentions(p *phrase.Phrase) []mention {
	var found []mention
	denied := false
	for i := 0; i < len(p.Tokens); {
		if p.Tokens[i].Gap >= phrase.Break {
			denied = i > 0 && (allergies[p.Word(i-1)] || intolerances[p.Word(i-1)]) && phrase.Heads(p, i)
		}
		entry, n := names.Find(p, i)
		if n == 0 {
			entry, n = names.FindKanaStem(p, i)
		}
		if n == 0 {
			entry, n = names.FindStem(p, i)
		}
		if n == 0 {
			denied = denied && !contrasts[p.Word(i)] || denies(p, i) || objects(p, i)
			i++
			continue
		}
		if entry.Ingredients != "" && !denied && !freeOf(p, i+n) && !notTolerated(p, i+n, &entry) &&
			(!entry.OnlyWithForm() || names.TellsProduct(p)) {
			found = append(found, mention{entry, i, i + n})
		}
		i += n
	}
	return found
}

// denials are words that void the names after them, up to the end of the phrase, in the languages
// of names.tsv.
var denials = phrase.Words(`no not without kein keine keinen keiner nicht ohne sans sin senza sem zonder geen niet
	ikke inte ej uden utan uten ilman bez nie`)

// allergies and intolerances say that a patient must not have what stands beside them, unless they
// are part of a product name.
var (
	allergies = phrase.Words(
		"allergy allergies allergic allergie allergien allergisch allergique alergia alergias alergico allergia " +
			"allergico allergi",
	)
	intolerances = phrase.Words(
		`intolerance intolerances intolerant unvertraglichkeit intoleranz intolerant intolerante intolerancia intoleranza
		intolleranza overgevoeligheid`,
	)
	// beside links an allergy to its cause.
	beside = phrase.Words("to against of gegen auf zu a al alla au aux a la contre contra voor mot for with")
)

// objects reports whether token i says that what follows is not tolerated ("allergy to codeine",
// "intolerance codeine"). "Allergy relief" and "allergy tablets" are products.
func objects(p *phrase.Phrase, i int) bool {
	word := p.Word(i)
	if i+1 >= len(p.Tokens) || p.Tokens[i+1].Gap >= phrase.Break {
		return false
	}
	switch {
	case intolerances[word]:
		return true
	case !allergies[word]:
		return false
	case beside[p.Word(i+1)]:
		return true
	}
	_, n := names.Find(p, i+1)
	return n > 0 && len(strength.Amounts(p, 0, len(p.Tokens))) == 0 && forms.Of(p).Route == ""
}

// notTolerated reports whether the name before token i is of something not tolerated ("codeine
// allergy"). Brands have lines with that word ("Benadryl Allergy").
func notTolerated(p *phrase.Phrase, i int, entry *names.Entry) bool {
	if i >= len(p.Tokens) || p.Tokens[i].Gap >= phrase.Break {
		return false
	}
	word, last := p.Word(i), i+1 == len(p.Tokens) || p.Tokens[i+1].Gap >= phrase.Break
	return intolerances[word] || allergies[word] && last && entry.Kind != "brand"
}

// contrasts end a denial within a phrase.
var contrasts = phrase.Words("but aber sondern mais pero sino ma mas maar men mutta ale")

// denies reports whether token i denies what follows. "No. 3" and "no 3" are numbers, not denials.
func denies(p *phrase.Phrase, i int) bool {
	word := p.Word(i)
	last := i+1 >= len(p.Tokens)
	switch {
	case word == "w" && !last && p.Word(i+1) == "o" && p.Tokens[i+1].Gap == phrase.List:
		return true // w/o
	case word == "o" && i > 0 && p.Word(i-1) == "w" && p.Tokens[i].Gap == phrase.List:
		return true
	case !denials[word]:
		return false
	case last:
		return false
	}
	next := p.Tokens[i+1]
	return !(word == "no" && (next.Gap == phrase.Number || phrase.IsDigit(p.Key[next.Start])))
}

// freeOf reports whether the token after a name says that the product is free of it
// ("codeine-free").
func freeOf(p *phrase.Phrase, i int) bool {
	if i >= len(p.Tokens) || p.Tokens[i].Gap > phrase.Space {
		return false
	}
	switch p.Word(i) {
	case "free", "frei", "freie", "freier", "fri", "fritt", "vrij":
		return true
	}
	return false
}

// explains reports whether a brand stands in square brackets after the product it names, as in
// RxNorm: "sennosides 8.6 MG Oral Tablet [Senexon]". That settles what the brand means in other
// countries.
func explains(p *phrase.Phrase, m mention) bool {
	return m.first > 0 && strings.HasSuffix(strings.TrimRight(p.Raw[:p.Tokens[m.first].Raw], " "), "[")
}
