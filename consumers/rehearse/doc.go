// Package rehearse compares what two rule sets flag in one history, before one of them goes live.
//
// A Rehearsal takes patients one by one, each with the flags of both sides, and keeps only counts
// and a few examples: its size does not grow with the number of patients. Its Report is written as
// text, JSON or one HTML page.
//
// The package must not know where patients come from, nor which limit means what.
package rehearse
