// Package consumers takes FHIR events in and puts committed flags out: over memory for replay, over NATS JetStream for serve.
//
// The pure part is an Engine: a Fold takes events in (Add) and decides what they change (Decide), both together are Step. It
// reads what is known through a View and hands back a Commit; it owns no connection, clock or goroutine that outlives a call.
// A caller's duties, in this order:
//
//  1. call Step with the events in hand, a View of everything that was committed, and the as-of time;
//  2. write the Commit: all of a patient in one atomic piece, Medications and tombstones in the last one;
//  3. Heal the patients of Commit.Later, if there are any, some at a time: others may be served between;
//  4. write dead letters for the results that are Rejected;
//  5. acknowledge the events.
//
// Whoever stops between any two of these loses nothing: the events come again, find what was written and change nothing more.
//
// Where things are:
//
//   - Serve (serve.go, session.go) runs the consumer, StartEmbedded (embedded.go) a server for it.
//   - A Publisher (publish.go, published.go) puts inputs on the inbound stream, waits (decided.go) and tells what was rejected; Watch
//     (watch.go) follows flags, FindFlag reads one, Known is what an instance knows, for answers beside it.
//   - NewReplay (memory.go) folds files.
//   - An Operator (operate.go) does what people need when something went wrong: dead letters (deadletters.go, deadretry.go), Verify
//     (verify.go), Export and Import (export.go, import.go), Erase (erase.go).
//   - Subjects, headers and streams are in subjects.go, headers.go and streams.go. States are stored in the format of package
//     checks/codec, the record of the site in that of site.go, an export in that of exportformat.go; what is on the wire is made by
//     package fhir.
//   - Questions about orders that nobody has written yet are answered in the folders ordercheck and cdshooks; sim is a simulation of
//     instances, server and faults.
//
// The package must not know clinical logic (which drug, result or diagnosis means what): it moves facts, and asks package
// checks to decide. Nor may a patient's identifier, a name or a free text of a payload get into a subject, a log line, a
// metric, a header or an error.
package consumers
