// Package facts is what resources say, in the words of the checks: orders, results, conditions,
// patients and acknowledgements, each as a Fact with its version, and what is kept of older
// versions of it.
//
// A Fact is a value: whoever changes one copies what its pointers lead to. Kept is shared and never
// changed.
//
// It must not know what a fact leads to (settings, checks, flags), FHIR's JSON or the stored form.
// Of the tables it knows only what a coding is.
package facts
