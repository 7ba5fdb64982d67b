// Package decimal calculates exactly with the decimals of results, doses and limits. It refuses
// unreasonable numbers before they cost anything; only quotients and powers are rounded, far behind
// the last digit that matters.
//
// It alone knows the library behind it. It must not know units, results or limits.
package decimal
