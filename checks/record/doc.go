// Package record is what is known of one patient, for a reader: orders over time, results against
// their limits, diagnoses, answers to flags, and what could not be read. It is plain data with a
// stable JSON form; package checks fills it in.
//
// It must not know a rule, a table or a clock: checks decides what counts, what is low and why.
package record
