package scan

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Scanner checks every byte it passes as JSON (RFC 8259), and more strictly where that leaves room:
// half a surrogate pair is no character. It allocates nothing but the error.
type Scanner struct {
	B        []byte
	depth    int      // open containers
	maxDepth int      // beyond it, the document is too deep
	kinds    []uint64 // one bit per open container of one call of container: set for an object
	Err      *Error
	Before   int    // bytes of the document before B: a byte order mark
	high     uint64 // has a high bit if a string may contain non-ASCII letters
}

// Error is the first mistake in a document. It contains no text of the document.
type Error struct {
	At      int    // offset in the scanned bytes
	Detail  string // what is wrong, and at which byte of the document
	TooDeep bool   // possibly JSON, but nested deeper than allowed
}

// Reset starts another document.
func (s *Scanner) Reset(b []byte, maxDepth int) {
	s.B, s.depth, s.maxDepth, s.Err, s.Before, s.high = b, 0, maxDepth, nil, 0, 0
	if n := maxDepth/64 + 1; len(s.kinds) < n {
		s.kinds = make([]uint64, n)
	}
}

// Fail records the first mistake in the document, and returns the offset for failure.
func (s *Scanner) Fail(i int, what string) int {
	if s.Err == nil {
		s.Err = &Error{At: i, Detail: fmt.Sprintf("%s at byte %d", what, s.Before+i)}
	}
	return -1
}

// Open enters the object or array at i unless it is too deep. The caller walks through it, and
// calls Shut at its end.
func (s *Scanner) Open(i int) bool {
	if s.depth >= s.maxDepth {
		s.tooDeep(i)
		return false
	}
	s.depth++
	return true
}

// Shut leaves what Open entered.
func (s *Scanner) Shut() { s.depth-- }

// BeyondASCII reports whether a string so far may contain non-ASCII letters, whose encoding is
// unchecked.
func (s *Scanner) BeyondASCII() bool { return s.high&highs != 0 }

// noValue says that no JSON value begins at i, and for a whole document what it looks like instead.
func noValue(b []byte, i, depth int) string {
	switch {
	case depth > 0 || i >= len(b) || b[i] < ' ' || PastBlanks(b, 0) < i:
		return "no JSON value"
	case b[i] == '<':
		return "this looks like XML, not JSON: no JSON value"
	}
	return "this looks like text, not JSON: no JSON value"
}

func (s *Scanner) tooDeep(i int) int {
	if s.Err == nil {
		detail := fmt.Sprintf("nested deeper than %d at byte %d", s.maxDepth, s.Before+i)
		s.Err = &Error{At: i, Detail: detail, TooDeep: true}
	}
	return -1
}

const (
	ones   = 0x0101010101010101
	highs  = 0x8080808080808080
	spaces = 0x2020202020202020
)

// Str returns the offset after the string whose opening quote is at i.
func (s *Scanner) Str(i int) int {
	b, start, high := s.B, i, uint64(0)
	i++
	for {
		for i+8 <= len(b) {
			x := binary.LittleEndian.Uint64(b[i:])
			high |= x
			if m := stringStops(x); m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				goto stop
			}
			i += 8
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
			high |= uint64(b[i])
			i++
		}
	stop:
		s.high |= high
		switch {
		case i >= len(b):
			return s.Fail(start, "unterminated string")
		case b[i] == '"':
			return i + 1
		case b[i] < ' ':
			return s.Fail(i, "control character in a string")
		}
		if i = s.escape(i); i < 0 {
			return i
		}
	}
}

// stringStops sets the high bit of each byte that is a quote, a backslash or a control character;
// bytes after the first of these may be set by mistake.
func stringStops(x uint64) uint64 {
	q, e := x^(ones*'"'), x^(ones*'\\')
	return ((q-ones)&^q | (e-ones)&^e | (x-spaces)&^x) & highs
}

// escape returns the offset after the escape at i.
func (s *Scanner) escape(i int) int {
	b := s.B
	if i+1 >= len(b) {
		return s.Fail(i, "unterminated escape")
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		c := hex4(b, i+2)
		switch {
		case c < 0:
			return s.Fail(i, "\\u without four hexadecimal digits")
		case c < 0xd800 || c > 0xdfff:
			return i + 6
		case c < 0xdc00 && i+8 <= len(b) && b[i+6] == '\\' && b[i+7] == 'u':
			if low := hex4(b, i+8); low >= 0xdc00 && low <= 0xdfff {
				return i + 12
			}
		}
		return s.Fail(i, "half a surrogate pair")
	}
	return s.Fail(i, "unknown escape")
}

// hex4 is the number of the four hexadecimal digits at i, or -1.
func hex4(b []byte, i int) int {
	if i+4 > len(b) {
		return -1
	}
	n := 0
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		n = n<<4 | int(c)
	}
	return n
}

// number returns the offset after the number at i, which begins with a digit or a minus.
func (s *Scanner) number(i int) int {
	b := s.B
	start := i
	if b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	case i < len(b) && b[i] >= '1' && b[i] <= '9':
		i = PastDigits(b, i)
	default:
		return s.Fail(start, "number without digits")
	}
	if i < len(b) && b[i] == '.' {
		j := PastDigits(b, i+1)
		if j == i+1 {
			return s.Fail(start, "number without digits after the decimal point")
		}
		i = j
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		j := PastDigits(b, i)
		if j == i {
			return s.Fail(start, "number without digits in the exponent")
		}
		i = j
	}
	return i
}

func (s *Scanner) literal(i int) int {
	rest := s.B[i:]
	switch {
	case len(rest) >= 4 && (string(rest[:4]) == "true" || string(rest[:4]) == "null"):
		return i + 4
	case len(rest) >= 5 && string(rest[:5]) == "false":
		return i + 5
	}
	return s.Fail(i, noValue(s.B, i, s.depth))
}

// Value returns the offset after the value at i, or -1. i is not at white space.
func (s *Scanner) Value(i int) int {
	if i >= len(s.B) {
		return s.Fail(i, "document ends early")
	}
	switch c := s.B[i]; {
	case c == '"':
		return s.Str(i)
	case c == '{' || c == '[':
		return s.container(i)
	case c == '-' || c >= '0' && c <= '9':
		return s.number(i)
	}
	return s.literal(i)
}
