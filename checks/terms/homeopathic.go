package terms

import (
	"slices"
	"strings"
)

// homeopathic remedies are named after drugs and hold none: those that say so, and those whose
// Latin name stands beside a potency ("Opium 30 CH", "Lithium carbonicum D6").
func homeopathic(p *phrase, found []mention) bool {
	for i := range p.tokens {
		if remedies[p.word(i)] {
			return true
		}
	}
	latin := func(m mention) bool {
		return m.entry.kind != "brand" &&
			slices.ContainsFunc(strings.Fields(m.entry.key), func(w string) bool { return strings.HasSuffix(w, "um") })
	}
	return slices.ContainsFunc(found, latin) && hasPotency(p) && len(p.amounts(0, len(p.tokens))) == 0
}

var remedies = words(
	`globuli globules homeopathic homoeopathic homoopathisch homeopathique omeopatico homeopatico homeopatica dhu boiron
	schussler schuessler`,
)

// hasPotency finds a degree of dilution: D6, C30, 30C, 9 CH, 5DH. D3 and less may be a vitamin.
func hasPotency(p *phrase) bool {
	number := func(i int, farthest gap) string {
		if i >= len(p.tokens) || p.tokens[i].gap > farthest || !isDigit(p.word(i)[0]) {
			return ""
		}
		return p.word(i)
	}
	for i := range p.tokens {
		joint := p.tokens[i].gap == gapJoint
		switch p.word(i) {
		case "ch", "dh":
			if i > 0 && p.tokens[i].gap <= gapSpace && isDigit(p.word(i - 1)[0]) || number(i+1, gapSpace) != "" {
				return true
			}
		case "c":
			if joint && i > 0 && isDigit(p.word(i - 1)[0]) || number(i+1, gapJoint) != "" {
				return true
			}
		case "d":
			if n := number(i+1, gapJoint); n != "" && (len(n) > 1 || n > "3") {
				return true
			}
		}
	}
	return false
}
