package terms

import "strings"

// PlainCode is a code without blanks around it and without the term that senders put behind it in
// bars, as SNOMED CT's own syntax does: "32914008 |Restless legs|" is 32914008. A bar is a part of
// the code in a system that is not known here.
func PlainCode(system, code string) string {
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
	if system == ICD10CM || !isICD10(system) || len(code) < 4 {
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
	if c := rest[len(rest)-1]; !arabic(c) && strings.IndexByte("+*!", c) < 0 && !strings.HasSuffix(rest, "†") && c != '-' {
		return code, 0
	}
	return rest, last
}

// arabic tells whether b is a digit of ASCII, which are the only ones in codes.
func arabic(b byte) bool { return b >= '0' && b <= '9' }
