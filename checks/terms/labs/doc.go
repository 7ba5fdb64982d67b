// Package labs knows the LOINC codes of labs.tsv: what each measures, whether a result with it may
// be evaluated, its limits, and the factor from any unit to the canonical one. It also reads units
// of time.
//
// A row that it hands out is shared: callers do not change it.
//
// It must not know a result, a patient or a check.
package labs
