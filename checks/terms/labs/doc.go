// Package labs knows the LOINC codes of labs.tsv: what each measures, whether its results may be
// evaluated, its limits, and the factor from any unit to the canonical one. It also reads units of
// time. Rows it returns are shared and must not be changed.
//
// It must not know a result, a patient or a check.
package labs
