package scan

import (
	"encoding/binary"
	"math/bits"
)

// PastBlanks returns the offset of the first non-blank byte from i on. Indented documents are
// mostly long runs of blanks, so it takes eight at a time.
func PastBlanks(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case ' ', '\t', '\r', '\n':
			i++
		default:
			return i
		}
		for i+8 <= len(b) {
			x := binary.LittleEndian.Uint64(b[i:]) ^ spaces
			if x != 0 {
				i += bits.TrailingZeros64(x) >> 3
				break
			}
			i += 8
		}
	}
	return i
}

// PastDigits returns the offset of the first non-digit from i on.
func PastDigits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

// The second pass walks over bytes found sound by the first, so nothing here checks for the end of
// the document or a missing comma. Only the meaning can still be wrong: another type of value than
// FHIR's, or one name twice.

// Past returns the offset after the value at i of the sound document b.
func Past(b []byte, i int) int {
	switch b[i] {
	case '"':
		return PastString(b, i)
	case '{', '[':
		depth := 0
		for {
			switch b[i] {
			case '"':
				i = PastString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			case '\n', ' ':
				i = PastBlanks(b, i)
				continue
			}
			i++
		}
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i
}

// PastString returns the offset after the string whose opening quote is at i, in a sound document.
func PastString(b []byte, i int) int {
	for i++; ; {
		for i+8 <= len(b) {
			x := binary.LittleEndian.Uint64(b[i:])
			q, e := x^(ones*'"'), x^(ones*'\\')
			if m := ((q-ones)&^q | (e-ones)&^e) & highs; m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		for b[i] != '"' && b[i] != '\\' {
			i++
		}
		if b[i] == '"' {
			return i + 1
		}
		i += 2
	}
}
