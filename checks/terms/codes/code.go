package codes

import (
	"strings"
)

// Plain is a code without blanks around it and without the term that senders put behind it in
// bars, as SNOMED CT's own syntax does: "32914008 |Restless legs|" is 32914008. A bar is a part of
// the code in a system that is not known here.
func Plain(system, code string) string {
	code = strings.TrimSpace(code)
	if i := strings.IndexByte(code, '|'); i > 0 && knownSystem(system) != "" {
		code = strings.TrimSpace(code[:i])
	}
	return code
}

// CutCertainty takes the letter of certainty off a code of a German or unnamed edition of ICD-10
// ("G25.81 V", "G25.81V"); letter is 0 when there is none. Codes of ICD-10-CM may end in a letter
// of their own.
func CutCertainty(system, code string) (plain string, letter byte) {
	if system == ICD10CM || !IsICD10(system) || len(code) < 4 {
		return code, 0
	}
	last := code[len(code)-1] &^ 0x20
	if last != 'A' && last != 'G' && last != 'V' && last != 'Z' {
		return code, 0
	}
	rest := strings.TrimRight(code[:len(code)-1], " ")
	if rest == "" {
		return code, 0
	}
	if c := rest[len(rest)-1]; !isDigit(c) && strings.IndexByte("+*!", c) < 0 && !strings.HasSuffix(rest, "†") &&
		c != '-' {
		return code, 0
	}
	return rest, last
}

// isDigit tells whether b is a digit of ASCII, which are the only ones in codes.
func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// Diagnosis gives a code in the form in which the table's codes are compared.
func Diagnosis(system, code string) string {
	code = strings.TrimSpace(code)
	switch {
	case IsICD10(system):
		// The German edition marks codes with a sign of certainty or of the dagger and asterisk
		// system behind them.
		code = strings.TrimRight(strings.ToUpper(code), "+*!†- ")
		return strings.ReplaceAll(code, ".", "")
	case system == ICD9CM:
		return strings.ReplaceAll(code, ".", "")
	case system == ICD11:
		code = code[strings.LastIndexByte(code, '/')+1:]
		code, _, _ = strings.Cut(code, "&") // extension codes of a cluster
		return strings.ToUpper(code)
	case system == ReadV2 && len(code) == 7:
		return code[:5] // with its term code
	case system == ICPC2:
		return strings.ToUpper(code)
	}
	return code
}

// Key is a code of a canonical system.
type Key struct{ System, Code string }

// Upper gives a code in upper case without surrounding space; it does not allocate when nothing
// changes.
func Upper(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }
