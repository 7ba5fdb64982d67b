package terms

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// Meanings in the column others that are no ingredient of ours.
const (
	otherDrug = "other" // a drug in none of our classes
	noDrug    = "none"  // no drug at all
)

// doubts says what else a name may mean, in the words of the table's note. A doubt leaves open
// whether a check is about the drug; a name all of whose meanings have the classes of its own row
// is unsure only: the ingredient is uncertain, what to make of it is not. Both are "" when the name
// is certain: by the site's region, or because what stands beside it leaves one meaning.
func (e *nameEntry) doubts(region string, p *phrase) (doubt, unsure string) {
	switch {
	case e.others == "", e.certainIn(region), e.others == noDrug && p.tellsProduct():
		return "", ""
	case e.oneClass():
		return "", "the name " + e.key + " is used for several drugs of this class: " + e.noted("brand_reused: ")
	case e.kind == "abbreviation":
		return "the abbreviation " + strings.ToUpper(e.key) + " is " + e.noted("ambiguous: "), ""
	}
	return "the name " + e.key + " is not used for one drug everywhere: " + e.noted("brand_reused: "), ""
}

// noted is what the note says behind a mark; "" when it has not the mark.
func (e *nameEntry) noted(mark string) string {
	i := strings.Index(e.note, mark)
	if i < 0 {
		return ""
	}
	what, _, _ := strings.Cut(e.note[i+len(mark):], ";")
	return what
}

// oneClass tells whether every meaning of a name has the same classes.
func (e *nameEntry) oneClass() bool {
	own := classesOf(e.drugs())
	for meaning := range values(e.others) {
		if !slices.Equal(classesOf(resolve(strings.ReplaceAll(meaning, "+", "|"))), own) {
			return false
		}
	}
	return true
}

// classesOf are the classes of some drugs, sorted, each once.
func classesOf(listed []*drugs.Ingredient) []drugs.Class {
	classes := make([]drugs.Class, 0, 2)
	for _, drug := range listed {
		classes = append(classes, drug.Class)
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

// onlyWithForm tells that a name is an ordinary word too, so that it names a drug only where a
// strength or a dose form says so.
func (e *nameEntry) onlyWithForm() bool { return strings.HasPrefix(e.note, "only_with_form") }

// tellsProduct tells whether a text speaks of a product: it has an amount, a dose form, or the name
// of a company that sells generics.
func (p *phrase) tellsProduct() bool {
	for i := range p.tokens {
		if _, n := forms().at(p, i); n > 0 || companies[p.word(i)] {
			return true
		}
	}
	return len(p.amounts(0, len(p.tokens))) > 0
}

// explains tells whether a brand stands in square brackets behind the product that it names, as
// RxNorm writes it: "sennosides 8.6 MG Oral Tablet [Senexon]". What the brand means in other
// countries is then settled.
func (p *phrase) explains(m mention) bool {
	return m.first > 0 && strings.HasSuffix(strings.TrimRight(p.raw[:p.tokens[m.first].raw], " "), "[")
}

// companies put their name behind that of the substance.
var companies = words(
	`ratiopharm hexal stada neuraxpharm sandoz teva aliud heumann aristo zentiva mylan viatris accord abz
	betapharm biomo winthrop`,
)

// certainIn tells whether a region is among those of the row. A row of several regions (INT) holds
// in each of them.
func (e *nameEntry) certainIn(region string) bool {
	region = strings.ToUpper(region)
	if region == "" {
		return false
	}
	if region == "GB" {
		region = "UK"
	}
	for r := range values(e.region) {
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
		"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL",
		"PL", "PT", "RO", "SE", "SI", "SK",
	}
)
