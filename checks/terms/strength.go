package terms

import (
	"math/big"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// addStrengths fills in the strengths that the name of a product tells, where it tells one for each
// ingredient: "pregabalin 150 MG Oral Capsule", "gabapentin 50 MG/ML Oral Solution". Packs hold
// several products and tell none.
func (p product) addStrengths(found []Found) {
	if len(found) == 0 || p.kind == "GPCK" || p.kind == "BPCK" || strings.HasPrefix(p.name, "{") {
		return
	}
	name := p.name
	if i := strings.LastIndex(name, " ["); i > 0 {
		name = name[:i]
	}
	if !strings.Contains(name, " / ") {
		if len(found) == 1 {
			found[0].Strength, found[0].PerML = componentStrength(name)
			if released := componentRelease(name); found[0].Strength == "" && released != "" {
				found[0].Released, found[0].Hours = released, "1"
			}
		}
		return
	}
	for part := range strings.SplitSeq(name, " / ") {
		strength, perML := componentStrength(part)
		if strength == "" {
			continue
		}
		if drug := componentDrug(part); drug != nil {
			for i := range found {
				if found[i].Ingredient == drug {
					found[i].Strength, found[i].PerML = strength, perML
				}
			}
		}
	}
}

// ComponentStrength reads the amount that the name of an RxNorm component (SCDC) tells: milligrams
// of one unit or, if perML, of one millilitre, as a decimal number; "" when it tells none in
// milligrams.
func ComponentStrength(name string) (strength string, perML bool) { return componentStrength(name) }

// componentStrength reads the amount of a component in the style of RxNorm; amounts per hour,
// actuation or milligram are none.
func componentStrength(part string) (strength string, perML bool) {
	last := ""
	for word := range strings.FieldsSeq(part) {
		if (word == "MG" || word == "MG/ML") && isNumber(last) {
			return last, word == "MG/ML"
		}
		last = word
	}
	return "", false
}

// componentRelease reads what the component of a patch releases in an hour ("rotigotine 0.125
// MG/HR"), in milligrams.
func componentRelease(part string) string {
	last := ""
	for word := range strings.FieldsSeq(part) {
		if word == "MG/HR" && isNumber(last) {
			return last
		}
		last = word
	}
	return ""
}

func componentDrug(part string) *drugs.Ingredient {
	for _, m := range mentions(fold(part)) {
		if drugs := m.entry.drugs(); len(drugs) == 1 {
			return drugs[0]
		}
	}
	return nil
}

func isNumber(s string) bool {
	dots := 0
	for i := range len(s) {
		switch {
		case s[i] == '.':
			dots++
		case !isDigit(s[i]):
			return false
		}
	}
	return s != "" && dots <= 1 && isDigit(s[0]) && isDigit(s[len(s)-1])
}

// strengthOf reads the strength that a text tells for one of the names in it: the only amount of
// mass between this name and the next, or, for the only name, in the whole text. Different amounts
// leave it unknown.
func (p *phrase) strengthOf(all []mention, i int) (strength string, perML bool) {
	from, to := all[i].end, len(p.tokens)
	if i+1 < len(all) {
		to = all[i+1].first
	}
	found := p.amounts(from, to)
	if len(found) == 0 && len(all) == 1 {
		found = p.amounts(0, all[0].first)
	}
	if len(found) == 0 {
		return "", false
	}
	first := found[0]
	for _, other := range found[1:] {
		if other != first && !other.bracketed {
			return "", false
		}
	}
	return first.milligrams, first.perML
}

// releaseOf reads what a patch releases, in the words of its name ("2 mg/24 h"): milligrams in so
// many hours. Different amounts leave it unknown.
func (p *phrase) releaseOf() (milligrams, hours string) {
	for i := 1; i+1 < len(p.tokens); i++ {
		scale, ok := massUnits[p.word(i)]
		number, _ := p.numberBefore(i)
		span := p.hoursAt(i + 1)
		if !ok || number == "" || span == "" {
			continue
		}
		value, ok := new(big.Rat).SetString(number)
		if !ok {
			continue
		}
		text, ok := decimal(value.Mul(value, new(big.Rat).SetFrac64(scale.num, scale.den)))
		if !ok || milligrams != "" && (text != milligrams || span != hours) {
			return "", ""
		}
		milligrams, hours = text, span
	}
	return milligrams, hours
}

// hoursAt reads the span of time that an amount before token i is per: "/h", "/24 h", "/24h",
// "/day".
func (p *phrase) hoursAt(i int) string {
	switch {
	case p.tokens[i].gap != gapList:
		return ""
	case hourWords[p.word(i)]:
		return "1"
	case dayWords[p.word(i)]:
		return "24"
	case isDigit(p.word(i)[0]) && i+1 < len(p.tokens) && hourWords[p.word(i+1)]:
		return p.word(i)
	}
	return ""
}

var (
	hourWords = words("h hr hrs hour hours std stunde stunden heure heures ora ore hora horas")
	dayWords  = words("d day tag jour dia giorno")
)

// tellsDose tells whether a text has an amount that one takes, as no cream or drops have: 20 mg,
// not 20 mg/ml, 2 % or a tube of 30 g. Then a weak word of a local form is no form: "20MG GEL" is a
// French gélule, "10 mg for itchy eyes" a tablet.
func (p *phrase) tellsDose() bool {
	for _, a := range p.amounts(0, len(p.tokens)) {
		mg, ok := new(big.Rat).SetString(a.milligrams)
		if ok && !a.perML && mg.Cmp(big.NewRat(1, 1)) >= 0 && mg.Cmp(big.NewRat(2000, 1)) <= 0 {
			return true
		}
	}
	return false
}

// amount is a mass in a text. A bracketed one explains the first ("325 mg (65 mg iron)").
type amount struct {
	milligrams string
	perML      bool
	bracketed  bool
}

func (p *phrase) amounts(from, to int) []amount {
	var found []amount
	depth := 0
	for i := from; i < to; i++ {
		if i > from {
			depth += bracketDepth(p.raw[p.tokens[i-1].rawEnd:p.tokens[i].raw])
			if p.nextComponent(i) {
				break
			}
		}
		scale, ok := massUnits[p.word(i)]
		if !ok || i == 0 {
			continue
		}
		number, start := p.numberBefore(i)
		if number == "" || start < from {
			continue
		}
		value, ok := new(big.Rat).SetString(number)
		if !ok {
			continue
		}
		value.Mul(value, new(big.Rat).SetFrac64(scale.num, scale.den))
		volume, perML := p.perVolume(i)
		if volume == nil {
			continue // per hour, per dose, percent: no strength of a unit
		}
		if perML {
			value.Quo(value, volume)
		}
		if text, ok := decimal(value); ok {
			found = append(found, amount{text, perML, depth > 0 && len(found) > 0})
		}
	}
	return found
}

// nextComponent tells whether token i starts the next drug of a list ("325 MG / oxycodone"), and
// not what an amount is per.
func (p *phrase) nextComponent(i int) bool {
	return p.tokens[i].gap == gapList && !isDigit(p.word(i)[0]) && !perUnits[p.word(i)]
}

// perUnits are what an amount may be per.
var perUnits = words(
	"ml l h hr hrs hour hours std stunde stunden heure heures ora ore hora horas d day tag jour actuat actuation actuations dose dosis puff spray mg g kg ug mcg m cm unit",
)

func bracketDepth(between string) int {
	return strings.Count(between, "(") - strings.Count(between, ")")
}

type fraction struct{ num, den int64 }

// massUnits are the units of mass in milligrams.
var massUnits = map[string]fraction{
	"mg": {1, 1}, "milligram": {1, 1}, "milligrams": {1, 1}, "g": {1000, 1}, "gram": {1000, 1},
	"mcg": {
		1,
		1000,
	}, "ug": {1, 1000}, "µg": {1, 1000}, "μg": {1, 1000}, "microgram": {1, 1000}, "micrograms": {1, 1000}, "mikrogramm": {1, 1000},
}

// numberBefore reads the number that ends before token i, and tells the token it starts at. A comma
// or a dot in it is the decimal sign, unless it may as well separate thousands: "1,000 mg" and
// "1.000 mg" are not decided.
func (p *phrase) numberBefore(i int) (number string, start int) {
	if p.tokens[i].gap > gapSpace {
		return "", 0
	}
	last := i - 1
	if last < 0 || !isDigit(p.word(last)[0]) {
		return "", 0
	}
	start = last
	for start > 0 && isDigit(p.word(start - 1)[0]) && p.tokens[start].gap == gapJoint {
		start--
	}
	switch last - start {
	case 0:
		return p.word(last), start
	case 1:
		between := p.raw[p.tokens[start].rawEnd:p.tokens[last].raw]
		whole, part := p.word(start), p.word(last)
		if between != "." && between != "," || len(part) == 3 && whole != "0" {
			return "", 0
		}
		return whole + "." + part, start
	}
	return "", 0
}

// perVolume tells what the mass at token i is per: nothing (1, false), so many millilitres, or
// something else (nil).
func (p *phrase) perVolume(i int) (volume *big.Rat, perML bool) {
	next := i + 1
	if next >= len(p.tokens) || p.tokens[next].gap != gapList {
		return big.NewRat(1, 1), false
	}
	if p.word(next) == "ml" {
		return big.NewRat(1, 1), true
	}
	if p.nextComponent(next) {
		return big.NewRat(1, 1), false
	}
	if !isDigit(p.word(next)[0]) || next+1 >= len(p.tokens) {
		return nil, false // "mg/h"
	}
	end := next + 1
	for end < len(p.tokens) && isDigit(p.word(end)[0]) && p.tokens[end].gap == gapJoint {
		end++
	}
	if end < len(p.tokens) && p.word(end) == "ml" {
		if number, start := p.numberBefore(end); number != "" && start == next {
			if volume, ok := new(big.Rat).SetString(number); ok && volume.Sign() > 0 {
				return volume, true
			}
		}
		return nil, false
	}
	if end < len(p.tokens) {
		if _, mass := massUnits[p.word(end)]; mass {
			return big.NewRat(1, 1), false // "50 mg/500 mg": the strength of the next component
		}
	}
	return nil, false // "2 mg/24 h"
}

// decimal writes a number exactly; false when it has no finite decimal form of reasonable length.
func decimal(value *big.Rat) (string, bool) {
	digits, exact := value.FloatPrec()
	if !exact || digits > 9 {
		return "", false
	}
	return value.FloatString(digits), true
}
