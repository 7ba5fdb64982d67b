package terms

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/phrase"
	"github.com/rlsguard/rlsguard/checks/terms/strength"
)

// homeopathic remedies are named after drugs but contain none: those that say so, and those whose
// Latin name stands beside a potency ("Opium 30 CH", "Lithium carbonicum D6").
func homeopathic(p *phrase.Phrase, found []mention) bool {
	for i := range p.Tokens {
		if remedies[p.Word(i)] {
			return true
		}
	}
	latin := func(m mention) bool {
		return m.entry.Kind != "brand" &&
			slices.ContainsFunc(strings.Fields(m.entry.Key), func(w string) bool { return strings.HasSuffix(w, "um") })
	}
	return slices.ContainsFunc(found, latin) && hasPotency(p) && len(strength.Amounts(p, 0, len(p.Tokens))) == 0
}

var remedies = phrase.Words(
	`globuli globules homeopathic homoeopathic homoopathisch homeopathique omeopatico homeopatico homeopatica dhu boiron
	schussler schuessler`,
)

// hasPotency finds a degree of dilution: D6, C30, 30C, 9 CH, 5DH. D3 and less may be a vitamin.
func hasPotency(p *phrase.Phrase) bool {
	number := func(i int, farthest phrase.Gap) string {
		if i >= len(p.Tokens) || p.Tokens[i].Gap > farthest || !phrase.IsDigit(p.Word(i)[0]) {
			return ""
		}
		return p.Word(i)
	}
	for i := range p.Tokens {
		joint := p.Tokens[i].Gap == phrase.Joint
		switch p.Word(i) {
		case "ch", "dh":
			if i > 0 && p.Tokens[i].Gap <= phrase.Space && phrase.IsDigit(p.Word(i - 1)[0]) || number(i+1,
				phrase.Space) != "" {
				return true
			}
		case "c":
			if joint && i > 0 && phrase.IsDigit(p.Word(i - 1)[0]) || number(i+1, phrase.Joint) != "" {
				return true
			}
		case "d":
			if n := number(i+1, phrase.Joint); n != "" && (len(n) > 1 || n > "3") {
				return true
			}
		}
	}
	return false
}
