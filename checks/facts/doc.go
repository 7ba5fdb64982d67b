// Package facts is what resources say, in the words of the checks: orders, results, conditions,
// patients and acknowledgements, each as a Fact with its version, and what is kept of its older
// versions.
//
// A Fact is a value: to change one, copy what its pointers lead to. Kept is shared and never
// changed.
//
// It must not know what a fact leads to (settings, checks, flags), FHIR JSON or the stored form. Of
// the tables it knows only codings.
package facts
