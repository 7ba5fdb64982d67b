package names

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// salts end compound words in Germanic languages and Finnish: sertralinhydroklorid,
// morfiinisulfaatti.
var salts = strings.Fields(`
	dihydrochlorid monohydrochlorid hydrochloride hydrochlorid dihydroklorid hydrokloridi hydroklorid dihidroklorid hidroklorid chlorid kloridi klorid
	dihydrobromid hydrobromide hydrobromid hydrobromidi hidrobromid bromid
	hydrogenmaleat hydrogenmaleaat maleaatti maleat maleaat hemifumarat hemifumaraat fumaraatti fumarat fumaraat hydrogentartrat hemitartrat
	tartraatti tartrat tartraat sulfaatti sulfat sulfaat hydrogenphosphat dihydrogenphosphat phosphat fosfaatti fosfat fosfaat
	oksalaatti oxalat oxalaat mesilaatti mesilat mesylat mesilaat besilaatti besilat besylat besilaat tosilat tosylat tosilaat
	hydrogensuccinat succinat succinaat suksinaatti sitraatti citrat citraat karbonaatti carbonat karbonat carbonaat
	dekanoaatti decanoat dekanoat decanoaat palmitaatti palmitat palmitaat pamoat embonat enantat enanthat asetaatti acetat acetaat`)

// minStem is the minimum length of what remains of a compound, so that no short word matches.
const minStem = 6

// FindStem looks up the substance in a word that is not itself in the tables: without the salt that
// ends a compound, or in the nominative of a Latin genitive (Sertralini hydrochloridum). Brands are
// not taken apart.
func FindStem(p *phrase.Phrase, i int) (Entry, int) {
	word := p.Word(i)
	if len(word) <= minStem || word[0] >= 0x80 {
		return Entry{}, 0
	}
	for _, salt := range salts {
		if stem, ok := strings.CutSuffix(word, salt); ok && len(stem) >= minStem {
			if entry := substance(stem); entry.Ingredients != "" {
				return entry, 1
			}
		}
	}
	if stem, ok := strings.CutSuffix(word, "i"); ok {
		if entry := substance(stem + "um"); entry.Ingredients != "" {
			return entry, 1
		}
	}
	return Entry{}, 0
}

// substance is the entry of a word that names a substance: an INN in any spelling, not a brand or
// an abbreviation.
func substance(word string) Entry {
	entry := longestInNames(word, word)
	if more := longestMore(word, word); entry.Key == "" && more != nil {
		entry = *more
	}
	if entry.Kind != "inn" && entry.Kind != "inn_variant" {
		return Entry{}
	}
	return entry
}
