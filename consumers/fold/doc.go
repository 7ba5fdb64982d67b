// Package fold takes in events and says what they change. It is pure: it owns no connection, no
// clock and no goroutine that outlives a call, and the same events give the same flags in any
// order, however often they come.
//
// An Engine holds the rules of a site. A Fold reads what is known through a View, takes inputs in
// (Add) and says what they change (Decide); Step does both. A Replay folds files over a Memory, a
// View without a server.
//
// A caller must, in this order:
//
//  1. call Step with the events in hand, a View of everything committed, and the as-of time;
//  2. write the Commit: each patient in one atomic piece, Medications and tombstones in the last
//     one;
//  3. Heal the patients of Commit.Later, if any;
//  4. write dead letters for the results that are Rejected;
//  5. acknowledge the events.
//
// Ending between any two of these loses nothing: the events come again, find what was written, and
// change nothing more.
//
// The package must not know NATS, how anything is encoded, subjects or tokens, the time of day, or
// how a check decides. It imports checks, the types of fhir, and parallel.
package fold
