// Package scan walks over JSON without building anything. A Scanner checks every byte it passes
// (RFC 8259) and reports the first mistake. Past, PastString, PastBlanks and PastDigits walk over
// bytes a Scanner has found sound and do not check; on others they may run out of bounds.
//
// It must not know FHIR: JSON's rules alone must suffice to test or replace it.
package scan
