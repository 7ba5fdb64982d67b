// Package outcomes counts what became of flags in a period, from the audited transitions and from
// what users did with cards: how many opened, how they ended, how long that took and how often they
// came back. Committees tune rules by these figures.
//
// A Counter takes transitions one by one, flags in any order, those of one flag in the order of
// their numbers; repetitions change nothing. For each flag it keeps its check, a hash of its
// patient and the times of each opening that reaches into the period: memory grows with flags and
// openings, not with transitions. Report folds that into figures, written as text, JSON, CSV or one
// HTML page. None of them holds a patient, an order or the id of a flag.
//
// The package must not know where transitions come from, nor how a flag is decided.
package outcomes
