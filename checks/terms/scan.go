package terms

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/forms"
	"github.com/rlsguard/rlsguard/checks/terms/names"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
	"github.com/rlsguard/rlsguard/checks/terms/strength"
)

// mention is one name found in a text.
type mention struct {
	entry      names.Entry
	first, end int // tokens
}

// mentions finds the names of our drugs in a text: whole tokens, the longest name first, none
// twice, none that is denied.
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

// denials are words after which a name does not count, up to the end of the phrase, in the
// languages of names.tsv.
var denials = phrase.Words(`no not without kein keine keinen keiner nicht ohne sans sin senza sem zonder geen niet
	ikke inte ej uden utan uten ilman bez nie`)

// allergies and intolerances say that a patient must not have what stands beside them, unless they
// are a part of a product's name.
var (
	allergies = phrase.Words(
		"allergy allergies allergic allergie allergien allergisch allergique alergia alergias alergico allergia " +
			"allergico allergi",
	)
	intolerances = phrase.Words(
		`intolerance intolerances intolerant unvertraglichkeit intoleranz intolerant intolerante intolerancia intoleranza
		intolleranza overgevoeligheid`,
	)
	// beside link an allergy to what it is against.
	beside = phrase.Words("to against of gegen auf zu a al alla au aux a la contre contra voor mot for with")
)

// objects tells whether token i says that what follows is not tolerated ("allergy to codeine",
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

// notTolerated tells whether a name, which ends before token i, is one of something that is not
// tolerated ("codeine allergy"). Brands have lines of that name ("Benadryl Allergy").
func notTolerated(p *phrase.Phrase, i int, entry *names.Entry) bool {
	if i >= len(p.Tokens) || p.Tokens[i].Gap >= phrase.Break {
		return false
	}
	word, last := p.Word(i), i+1 == len(p.Tokens) || p.Tokens[i+1].Gap >= phrase.Break
	return intolerances[word] || allergies[word] && last && entry.Kind != "brand"
}

// contrasts end a denial within a phrase.
var contrasts = phrase.Words("but aber sondern mais pero sino ma mas maar men mutta ale")

// denies tells whether token i denies what follows. "No. 3" and "no 3" count, they do not deny.
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

// freeOf tells whether the token after a name says that the product is free of it ("codeine-free").
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

// explains tells whether a brand stands in square brackets behind the product that it names, as
// RxNorm writes it: "sennosides 8.6 MG Oral Tablet [Senexon]". What the brand means in other
// countries is then settled.
func explains(p *phrase.Phrase, m mention) bool {
	return m.first > 0 && strings.HasSuffix(strings.TrimRight(p.Raw[:p.Tokens[m.first].Raw], " "), "[")
}
