package strength

import (
	"math/big"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// PatchRelease reads what a patch releases from the words of its name ("2 mg/24 h"): milligrams in
// hours. Differing amounts leave it unknown.
func PatchRelease(p *phrase.Phrase) (milligrams, hours string) {
	for i := 1; i+1 < len(p.Tokens); i++ {
		scale, ok := massUnits[p.Word(i)]
		number, _ := numberBefore(p, i)
		span := hoursAt(p, i+1)
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

// hoursAt reads the denominator in hours before token i: "/h", "/24 h", "/24h", "/day".
func hoursAt(p *phrase.Phrase, i int) string {
	switch {
	case p.Tokens[i].Gap != phrase.List:
		return ""
	case hourWords[p.Word(i)]:
		return "1"
	case dayWords[p.Word(i)]:
		return "24"
	case phrase.IsDigit(p.Word(i)[0]) && i+1 < len(p.Tokens) && hourWords[p.Word(i+1)]:
		return p.Word(i)
	}
	return ""
}

var (
	hourWords = phrase.Words("h hr hrs hour hours std stunde stunden heure heures ora ore hora horas")
	dayWords  = phrase.Words("d day tag jour dia giorno")
)

// TellsDose reports whether a text has an amount to be taken, which creams and drops lack: 20 mg,
// not 20 mg/ml, 2 % or a tube of 30 g. Then a weak word for a local form is no form: "20MG GEL" is
// a French gélule, "10 mg for itchy eyes" a tablet.
func TellsDose(p *phrase.Phrase) bool {
	for _, a := range Amounts(p, 0, len(p.Tokens)) {
		mg, ok := new(big.Rat).SetString(a.Milligrams)
		if ok && !a.PerML && mg.Cmp(big.NewRat(1, 1)) >= 0 && mg.Cmp(big.NewRat(2000, 1)) <= 0 {
			return true
		}
	}
	return false
}

// Amount is a mass in a text. A bracketed one explains the first ("325 mg (65 mg iron)").
type Amount struct {
	Milligrams string
	PerML      bool
	Bracketed  bool
}

func Amounts(p *phrase.Phrase, from, to int) []Amount {
	var found []Amount
	depth := 0
	for i := from; i < to; i++ {
		if i > from {
			depth += bracketDepth(p.Raw[p.Tokens[i-1].RawEnd:p.Tokens[i].Raw])
			if nextComponent(p, i) {
				break
			}
		}
		scale, ok := massUnits[p.Word(i)]
		if !ok || i == 0 {
			continue
		}
		number, start := numberBefore(p, i)
		if number == "" || start < from {
			continue
		}
		value, ok := new(big.Rat).SetString(number)
		if !ok {
			continue
		}
		value.Mul(value, new(big.Rat).SetFrac64(scale.num, scale.den))
		volume, perML := perVolume(p, i)
		if volume == nil {
			continue // per hour, per dose, percent: not the strength of a unit
		}
		if perML {
			value.Quo(value, volume)
		}
		if text, ok := decimal(value); ok {
			found = append(found, Amount{text, perML, depth > 0 && len(found) > 0})
		}
	}
	return found
}

// nextComponent reports whether token i starts the next drug of a list ("325 MG / oxycodone"), as
// opposed to a denominator.
func nextComponent(p *phrase.Phrase, i int) bool {
	return p.Tokens[i].Gap == phrase.List && !phrase.IsDigit(p.Word(i)[0]) && !perUnits[p.Word(i)]
}

var perUnits = phrase.Words(
	"ml l h hr hrs hour hours std stunde stunden heure heures ora ore hora horas d day tag jour actuat actuation " +
		"actuations dose dosis puff spray mg g kg ug mcg m cm unit",
)

func bracketDepth(between string) int {
	return strings.Count(between, "(") - strings.Count(between, ")")
}

type fraction struct{ num, den int64 }

var massUnits = map[string]fraction{
	"mg": {1, 1}, "milligram": {1, 1}, "milligrams": {1, 1}, "g": {1000, 1}, "gram": {1000, 1},
	"mcg": {
		1,
		1000,
	}, "ug": {1, 1000}, "µg": {1, 1000}, "μg": {1, 1000}, "microgram": {1, 1000}, "micrograms": {1, 1000},
	"mikrogramm": {1, 1000},
}

// numberBefore reads the number that ends before token i, and returns the token it starts at. A
// comma or dot in it is the decimal sign, unless it may equally separate thousands: "1,000 mg" and
// "1.000 mg" stay undecided.
func numberBefore(p *phrase.Phrase, i int) (number string, start int) {
	if p.Tokens[i].Gap > phrase.Space {
		return "", 0
	}
	last := i - 1
	if last < 0 || !phrase.IsDigit(p.Word(last)[0]) {
		return "", 0
	}
	start = last
	for start > 0 && phrase.IsDigit(p.Word(start - 1)[0]) && p.Tokens[start].Gap == phrase.Joint {
		start--
	}
	switch last - start {
	case 0:
		return p.Word(last), start
	case 1:
		between := p.Raw[p.Tokens[start].RawEnd:p.Tokens[last].Raw]
		whole, part := p.Word(start), p.Word(last)
		if between != "." && between != "," || len(part) == 3 && whole != "0" {
			return "", 0
		}
		return whole + "." + part, start
	}
	return "", 0
}

// perVolume is the denominator of the mass at token i: nothing (1, false), a number of millilitres,
// or something else (nil).
func perVolume(p *phrase.Phrase, i int) (volume *big.Rat, perML bool) {
	next := i + 1
	if next >= len(p.Tokens) || p.Tokens[next].Gap != phrase.List {
		return big.NewRat(1, 1), false
	}
	if p.Word(next) == "ml" {
		return big.NewRat(1, 1), true
	}
	if nextComponent(p, next) {
		return big.NewRat(1, 1), false
	}
	if !phrase.IsDigit(p.Word(next)[0]) || next+1 >= len(p.Tokens) {
		return nil, false // "mg/h"
	}
	end := next + 1
	for end < len(p.Tokens) && phrase.IsDigit(p.Word(end)[0]) && p.Tokens[end].Gap == phrase.Joint {
		end++
	}
	if end < len(p.Tokens) && p.Word(end) == "ml" {
		if number, start := numberBefore(p, end); number != "" && start == next {
			if volume, ok := new(big.Rat).SetString(number); ok && volume.Sign() > 0 {
				return volume, true
			}
		}
		return nil, false
	}
	if end < len(p.Tokens) {
		if _, mass := massUnits[p.Word(end)]; mass {
			return big.NewRat(1, 1), false // "50 mg/500 mg": the strength of the next component
		}
	}
	return nil, false // "2 mg/24 h"
}

// decimal writes a number exactly; false if it has no finite decimal form of reasonable length.
func decimal(value *big.Rat) (string, bool) {
	digits, exact := value.FloatPrec()
	if !exact || digits > 9 {
		return "", false
	}
	return value.FloatString(digits), true
}
