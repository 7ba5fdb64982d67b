// Package substance says what decides a rule: its version, trigger, severity, limits, sources, the
// rows of the tables that it reads, its texts, and what it answers to the cases of checks/exercise.
// A reviewer approves a rule as it is, so each of these is a part with a name, and two substances
// can be compared part by part.
//
// It must not know who reviews, how an approval is written, or what follows from one.
package substance
