// Package substance says what decides a rule: its version, trigger, severity, limits, sources, the
// table rows it reads, its texts, and its answers to the cases of checks/exercise. A reviewer
// approves a rule as it is, so each of these is a named part, and two substances can be compared
// part by part.
//
// It must not know who reviews, how an approval is written, or what follows from one.
package substance
