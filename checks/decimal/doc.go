// Package decimal calculates with exact decimal numbers, of results, doses and limits. Numbers
// beyond reason are refused before they cost anything; nothing is rounded but quotients and powers,
// far behind the last digit that matters.
//
// It is the only package that knows the library for it. It must not know units, results or limits.
package decimal
