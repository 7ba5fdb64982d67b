// Package checks is the domain of rlsguard: it decides which facts about one patient count, and
// what has to be flagged (Findings).
//
// Its laws, on which everything else relies:
//
//   - Evaluate is a pure function of facts, settings and the as-of time. No clock, no I/O, no
//     goroutine, no global state except the embedded tables.
//   - Merge is idempotent, commutative and associative: of two versions of a resource the newer
//     wins, whichever came first. So neither order nor repetition of events changes a flag.
//   - Missing data never counts as safety: what cannot be evaluated becomes a finding that says so.
//
// A check may read only the Facts, the Settings and the as-of time it is given.
//
// Evaluate returns what has to be flagged, DecideUntil turns that into transitions of the flags in
// a State (diff.go), and Explain says why a check stayed silent. Package words holds all texts; a
// check picks them, and leaflet.go picks those for patients.
//
// Resources are in package facts, their dates in moment, and what could not be read in unread;
// decimal holds numbers, silence the reasons for silence, terms the tables, and codec the stored
// form of a State.
//
// It must not know FHIR JSON, NATS, files, logs or the time of day.
package checks
