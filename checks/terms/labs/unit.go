package labs

import (
	"strings"
	"unicode"

	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// Factor returns the factor from a unit, given as code or text, to the canonical unit. Spelling
// does not matter where it cannot change the meaning: Unicode compatibility forms, case (unless
// only case distinguishes two units of the row), micro signs, mcg, blanks, powers, annotations in
// braces not in the row, words for percent and pound, "per 100 mL", and the various spellings of
// the eGFR unit. Any other unit is unknown.
func (lab *Lab) Factor(unit string) (factor string, ok bool) {
	unit = strings.TrimSpace(unit)
	for _, known := range lab.Units {
		if known.Unit == unit {
			return known.Factor, true
		}
	}
	if unit == "" || len(unit) > 100 {
		return "", false
	}
	_, area := lab.folded[perArea]
	for folded := foldUnit(unit); folded != ""; {
		if factor, ok = lab.folded[folded]; ok {
			return factor, factor != ""
		}
		if area && isPerArea(folded) {
			return lab.folded[perArea], true
		}
		plain := withoutAnnotation(folded)
		if plain == folded {
			break
		}
		folded = plain
	}
	return "", false
}

// foldUnits are the units of a row by folded spelling; "" if two with different factors share one.
func foldUnits(units []unitFactor) map[string]string {
	folded := make(map[string]string, len(units))
	for _, u := range units {
		key := foldUnit(u.Unit)
		if factor, twice := folded[key]; twice && factor != u.Factor {
			folded[key] = ""
			continue
		}
		folded[key] = u.Factor
	}
	return folded
}

// unitSigns are characters to replace in units: the Unicode compatibility forms (NFKC) that
// laboratory systems use, and look-alikes.
var unitSigns = map[rune]string{
	'µ': "u", 'μ': "u", 'Μ': "u", '㎍': "ug", '㎎': "mg", '㎏': "kg", '㎖': "ml", '㎗': "dl", '㎕': "ul", 'ℓ': "l",
	'㏖': "mol", '㎡': "m2",
	'²': "2", '³': "3", '¹': "1", '⁰': "0", '⁻': "-", '−': "-", '‐': "-", '⁄': "/", '∕': "/", '÷': "/", '·': ".",
	'⋅': ".", '㌫': "%",
	',': ".", '_': "", '^': "", '*': "", '(': "", ')': "",
}

// unitWords are spellings to replace after unitSigns.
var unitWords = strings.NewReplacer("mcg", "ug", "percent", "%", "/100ml", "/dl", "per100ml", "/dl")

func foldUnit(unit string) string {
	var b strings.Builder
	for _, r := range unit {
		if r >= 0xFF01 && r <= 0xFF5E { // full width
			r += '!' - 0xFF01
		}
		sign, known := unitSigns[r]
		switch {
		case known:
			b.WriteString(sign)
		case unicode.IsSpace(r) || r == 0x200B || r == 0xFEFF:
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	s := unitWords.Replace(b.String())
	switch s {
	case "lb", "lbs":
		return "[lbav]"
	case "%saturation":
		return "%"
	}
	return s
}

func withoutAnnotation(unit string) string {
	from := strings.LastIndexByte(unit, '{')
	if from < 0 {
		return unit
	}
	length := strings.IndexByte(unit[from:], '}')
	if length < 0 {
		return unit
	}
	return unit[:from] + unit[from+length+1:]
}

const perArea = "ml/min/{1.73m2}"

// bodySurfaces are spellings of 1.73 square metres after mL/min, without signs.
var bodySurfaces = phrase.Words(
	`173 173m2 173m 173sqm 173sqmeter 173sqmeters 173sqmetre 173sqmetres 173squaremeter 173squaremeters
	173squaremetre 173squaremetres 173qm 173mq 173kvm 173m2bsa 173bsa 173m2kof 173m2ko`,
)

// isPerArea reports whether a folded unit is millilitres a minute for a standard body surface.
func isPerArea(unit string) bool {
	for _, rate := range [...]string{"ml/minute", "ml/min", "ml/mn", "ml.min-1", "mlmin-1", "mlpermin"} {
		if rest, ok := strings.CutPrefix(unit, rate); ok {
			rest = strings.NewReplacer("/", "", ".", "", "-", "", "{", "", "}", "", "[", "", "]", "").Replace(rest)
			return bodySurfaces[strings.TrimPrefix(strings.TrimPrefix(rest, "per"), "x")]
		}
	}
	return false
}
