// Package scan walks over JSON without building anything. A Scanner checks every byte that it
// passes (RFC 8259) and reports the first mistake; Past, PastString, PastBlanks and PastDigits walk
// over bytes that a Scanner has found sound, and look for no mistakes: on others they may run out
// of bounds.
//
// It must not know FHIR: it could be tested, and replaced, by JSON's rules alone.
package scan
