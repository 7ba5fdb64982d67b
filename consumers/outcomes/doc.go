// Package outcomes counts what became of flags in a period, from the transitions that are kept for
// audit and from what users did with cards: how many opened, how they ended, how long that took and
// how often they came back. A committee tunes rules by these figures.
//
// A Counter takes transitions one by one, in any order of flags, and of one flag in the order of
// their numbers; what it has seen already changes nothing. It keeps, for each flag, its check, a
// hash of its patient and the times of each opening that reaches into the period: memory grows with
// flags and openings, not with transitions. Report folds that into figures, which are written as
// text, JSON, CSV or one HTML page. None of them holds a patient, an order or the id of a flag.
//
// The package must not know where transitions come from, nor how a flag is decided.
package outcomes
