// Package record is what is known of one patient as a reader wants to see it: orders over time,
// results against their limits, diagnoses, answers to flags, and what could not be read. It is
// plain data with a stable form in JSON; package checks fills it in.
//
// It must not know a rule, a table or a clock: what counts, what is low and why is said by whoever
// fills it in.
package record
