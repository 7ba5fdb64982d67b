package strength

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// ComponentStrength reads the amount that the name of an RxNorm component (SCDC) tells: milligrams
// of one unit or, if perML, of one millilitre, as a decimal number; "" when it tells none in
// milligrams. Amounts per hour, actuation or milligram are none.
func Component(part string) (strength string, perML bool) {
	last := ""
	for word := range strings.FieldsSeq(part) {
		if (word == "MG" || word == "MG/ML") && phrase.IsNumber(last) {
			return last, word == "MG/ML"
		}
		last = word
	}
	return "", false
}

// componentRelease reads what the component of a patch releases in an hour ("rotigotine 0.125
// MG/HR"), in milligrams.
func Release(part string) string {
	last := ""
	for word := range strings.FieldsSeq(part) {
		if word == "MG/HR" && phrase.IsNumber(last) {
			return last
		}
		last = word
	}
	return ""
}
