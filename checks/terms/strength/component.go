package strength

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// Component reads the amount in the name of an RxNorm component (SCDC): milligrams of one unit or,
// if perML, of one millilitre, as a decimal number; "" if it states none in milligrams. Amounts per
// hour, actuation or milligram do not count.
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

// Release reads what the component of a patch releases in an hour ("rotigotine 0.125 MG/HR"), in
// milligrams.
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
