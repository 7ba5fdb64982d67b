package site

import (
	"bytes"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// checker checks the rows of a site table one by one, and their order. Neighbours mostly share
// system and ingredient, so the findings for the last row are kept: some hundred thousand rows take
// a few hundredths of a second. A row that is not obviously valid is parsed.
type checker struct {
	system     []byte
	canonical  bool   // system is the URL used for look-ups
	name       string // of the system, if its codes have a form for comparison
	ingredient []byte
	prefix     []byte // of the previous row
}

// check reports whether a row follows the previous one in order, in the form used to compare codes.
func (c *checker) check(line []byte) (ascending bool, err error) {
	line = bytes.TrimSuffix(line, []byte("\r"))
	var f [len(Columns)][]byte
	n := split(line, &f)
	if n < required || n > len(f) || !c.knows(f[0], f[1], f[2]) || !plain(f[3:]) ||
		bytes.IndexByte(line, '\r') >= 0 {
		if _, err := parseRow(string(line)); err != nil {
			return false, err
		}
	}
	prefix := line[:len(f[0])+len(f[1])+2]
	ascending = c.canonical && c.comparable(f[1]) && bytes.Compare(c.prefix, prefix) <= 0
	c.prefix = prefix
	return ascending, nil
}

func split(line []byte, f *[len(Columns)][]byte) int {
	for n := 0; ; n++ {
		i := bytes.IndexByte(line, '\t')
		if i < 0 {
			i = len(line)
		}
		if n < len(f) {
			f[n] = line[:i]
		}
		if i == len(line) {
			return n + 1
		}
		line = line[i+1:]
	}
}

// knows reports whether the required fields are obviously valid.
func (c *checker) knows(system, code, ingredient []byte) bool {
	if !bytes.Equal(system, c.system) || c.system == nil {
		c.system = system
		url := codes.Canonical(string(system))
		c.canonical = url == string(system)
		c.name = ""
		if url == codes.NDC || url == codes.Pzn {
			c.name = url
		}
	}
	if !bytes.Equal(ingredient, c.ingredient) || len(ingredient) == 0 {
		if drugs.Named(string(ingredient)) == nil {
			return false
		}
		c.ingredient = ingredient
	}
	return trimmed(system) && trimmed(code)
}

// comparable reports whether a code has the form used for comparison.
func (c *checker) comparable(code []byte) bool {
	switch {
	case !trimmed(code):
		return false
	case c.name == "",
		c.name == codes.NDC && (len(code) == 11 && allDigits(code) || isProductNDC(code)),
		c.name == codes.Pzn && len(code) == 8 && allDigits(code):
		return true
	}
	return comparableCode(c.name, string(code)) == string(code)
}

// isProductNDC reports whether a code has the written form of a product: 5-4.
func isProductNDC(code []byte) bool {
	return len(code) == 10 && code[5] == '-' && allDigits(code[:5]) && allDigits(code[6:])
}

func allDigits(s []byte) bool {
	for _, b := range s {
		if !phrase.IsDigit(b) {
			return false
		}
	}
	return true
}

func trimmed(field []byte) bool {
	return len(field) > 0 && field[0] > ' ' && field[len(field)-1] > ' '
}

// plain reports whether the fields after the ingredient are obviously valid: systemic, strength,
// name, kind, route, status.
func plain(f [][]byte) bool {
	switch string(f[0]) {
	case "", "yes", "no", "low_absorbed", "depends", "unknown":
	default:
		return false
	}
	switch string(f[5]) {
	case "", "current", "obsolete", "suppressed":
	default:
		return false
	}
	return len(f[1]) == 0 || phrase.IsNumber(string(bytes.TrimSuffix(f[1], []byte(PerML))))
}
