package codes

import (
	"strings"
)

// Plain strips blanks around a code, and the term senders add between bars, as in SNOMED CT's own
// syntax: "32914008 |Restless legs|" is 32914008. In an unknown system a bar is part of the code.
func Plain(system, code string) string {
	code = strings.TrimSpace(code)
	if i := strings.IndexByte(code, '|'); i > 0 && knownSystem(system) != "" {
		code = strings.TrimSpace(code[:i])
	}
	return code
}

// CutCertainty splits the letter of certainty off a code of a German or unnamed edition of ICD-10
// ("G25.81 V", "G25.81V"); letter is 0 if there is none. ICD-10-CM codes may end in letters of
// their own.
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

// isDigit reports whether b is an ASCII digit; codes have no others.
func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// Diagnosis returns a code in the form used to compare the table's codes.
func Diagnosis(system, code string) string {
	code = strings.TrimSpace(code)
	switch {
	case IsICD10(system):
		// The German edition appends signs of certainty or of the dagger and asterisk system.
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

// Upper returns a code in upper case without surrounding space; it does not allocate if nothing
// changes.
func Upper(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }
