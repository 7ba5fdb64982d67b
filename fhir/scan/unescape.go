package scan

import (
	"bytes"
	"unicode/utf8"
)

// unescapeOne appends the character of the escape that begins k and returns what follows it.
func unescapeOne(dst, k []byte) (out, rest []byte) {
	switch c := k[1]; c {
	case 'b':
		return append(dst, '\b'), k[2:]
	case 'f':
		return append(dst, '\f'), k[2:]
	case 'n':
		return append(dst, '\n'), k[2:]
	case 'r':
		return append(dst, '\r'), k[2:]
	case 't':
		return append(dst, '\t'), k[2:]
	case 'u':
		r := rune(hex4(k, 2))
		if r >= 0xd800 && r < 0xdc00 {
			return utf8.AppendRune(dst, (r-0xd800)<<10+rune(hex4(k, 8))-0xdc00+0x10000), k[12:]
		}
		return utf8.AppendRune(dst, r), k[6:]
	default:
		return append(dst, c), k[2:]
	}
}

// Unescape appends the characters of the raw, valid JSON string k.
func Unescape(dst, k []byte) []byte {
	for {
		i := bytes.IndexByte(k, '\\')
		if i < 0 {
			return append(dst, k...)
		}
		dst = append(dst, k[:i]...)
		dst, k = unescapeOne(dst, k[i:])
	}
}
