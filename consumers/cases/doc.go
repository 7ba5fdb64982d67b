// Package cases runs test cases: input files, and the flags and rejections they must give.
//
// Load finds the cases under a path, Run folds one in memory, Compare says what differs from the
// expectation. Shuffle makes variants in another order, Update rewrites expectations, and Coverage
// says which checks, silences, limits and table rows the cases reached. A Service answers the same
// cases from outside.
//
// A case is a folder, a txtar archive or an HL7 CPG test case bundle. Its expectations are in
// tables of tab-separated values with a header: in the case itself (expected.tsv, rejected.tsv,
// transitions.tsv), or in tables of the same names above all cases, with a column scenario. See
// Load for both.
//
// The package must not know which drug, result or diagnosis means what, nor NATS: it hands files to
// package fhir, and asks for flags.
package cases
