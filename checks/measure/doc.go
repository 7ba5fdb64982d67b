// Package measure reads a laboratory value: number, comparator, unit and conversion, whether it is
// plausible, why it cannot be evaluated, and on which side of a limit it lies. Callers provide the
// labs row of the result's code.
//
// It must not know the patient, other results, or what a value means for a check.
package measure
