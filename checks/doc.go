// Package checks is the domain of rlsguard: which of what is known of one patient counts, and what
// has to be flagged (Findings).
//
// Its laws, which everything around it relies on:
//
//   - Evaluate is a pure function of facts, settings and the as-of time. No clock, no I/O, no
//     goroutine, no global state but the embedded tables.
//   - Merge is idempotent, commutative and associative: of two versions of one resource the newer
//     one stays, whatever came first. So neither order nor repetition of events changes a flag.
//   - Absence of data is never turned into safety: what cannot be evaluated becomes a finding that
//     says so.
//
// A check may read the Facts, the Settings and the as-of time that it is handed, and nothing else.
//
// Evaluate answers what has to be flagged, DecideUntil turns that into transitions of the flags
// that a State has (diff.go), Explain says why a check stayed silent. All texts are in the package
// words; a check says which, and leaflet.go which of them a patient gets.
//
// What a resource says is in the package facts, its dates in moment, and what of it could not be
// read in unread; numbers are those of decimal, and the reasons of a silence are in silence. The
// tables are in the folder terms, and the stored form of a State is the package codec.
//
// The package must not know FHIR's JSON, NATS, files, logs or the time of day.
package checks
