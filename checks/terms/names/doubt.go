package names

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/forms"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
	"github.com/rlsguard/rlsguard/checks/terms/strength"
)

// Meanings in the column others that are none of our ingredients.
const (
	OtherDrug = "other" // a drug in none of our classes
	NoDrug    = "none"  // no drug at all
)

// Doubts says what else a name may mean, in the words of the table's note. With a doubt, it is open
// whether a check applies to the drug. A name whose meanings all have its own classes is only
// unsure: the ingredient is uncertain, the classes are not. Both are "" if the site's region, or
// the text around the name, leaves one meaning.
func (e *Entry) Doubts(region string, p *phrase.Phrase) (doubt, unsure string) {
	switch {
	case e.others == "", e.certainIn(region), e.others == NoDrug && TellsProduct(p):
		return "", ""
	case e.oneClass():
		return "", "the name " + e.Key + " is used for several drugs of this class: " + e.noted("brand_reused: ")
	case e.Kind == "abbreviation":
		return "the abbreviation " + strings.ToUpper(e.Key) + " is " + e.noted("ambiguous: "), ""
	}
	return "the name " + e.Key + " is not used for one drug everywhere: " + e.noted("brand_reused: "), ""
}

// noted is what the note says after a mark; "" without the mark.
func (e *Entry) noted(mark string) string {
	i := strings.Index(e.note, mark)
	if i < 0 {
		return ""
	}
	what, _, _ := strings.Cut(e.note[i+len(mark):], ";")
	return what
}

func (e *Entry) oneClass() bool {
	own := drugs.Classes(e.Drugs())
	for meaning := range data.Values(e.others) {
		if !slices.Equal(drugs.Classes(drugs.List(strings.ReplaceAll(meaning, "+", "|"))), own) {
			return false
		}
	}
	return true
}

// OnlyWithForm reports whether a name is also an ordinary word, so that it names a drug only with a
// strength or a dose form.
func (e *Entry) OnlyWithForm() bool { return strings.HasPrefix(e.note, "only_with_form") }

// TellsProduct reports whether a text is about a product: it has an amount, a dose form, or the
// name of a generics company.
func TellsProduct(p *phrase.Phrase) bool {
	for i := range p.Tokens {
		if _, n := forms.At(p, i); n > 0 || companies[p.Word(i)] {
			return true
		}
	}
	return len(strength.Amounts(p, 0, len(p.Tokens))) > 0
}

// companies put their name after that of the substance.
var companies = phrase.Words(
	`ratiopharm hexal stada neuraxpharm sandoz teva aliud heumann aristo zentiva mylan viatris accord abz
	betapharm biomo winthrop`,
)

// certainIn reports whether a region is among those of the row. A row for several regions (INT)
// holds in each.
func (e *Entry) certainIn(region string) bool {
	region = strings.ToUpper(region)
	if region == "" {
		return false
	}
	if region == "GB" {
		region = "UK"
	}
	for r := range data.Values(e.region) {
		switch {
		case r == region, r == "INT",
			r == "Nordic" && slices.Contains(nordic, region),
			r == "EU" && slices.Contains(european, region):
			return true
		}
	}
	return false
}

var (
	nordic   = []string{"SE", "NO", "DK", "FI", "IS"}
	european = []string{
		"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
		"LV", "MT", "NL",
		"PL", "PT", "RO", "SE", "SI", "SK",
	}
)
