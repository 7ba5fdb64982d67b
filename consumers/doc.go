// Package consumers takes FHIR events in and puts committed flags out: over memory for replay, over NATS JetStream for serve.
//
// The pure part is an Engine: a Fold takes events in (Add) and decides what they change (Decide), both together are Step. It
// reads what is known through a View and hands back a Commit; it owns no connection, clock or goroutine that outlives a call.
// A caller's duties, in this order:
//
//  1. call Step with the events in hand, a View of everything that was committed, and the as-of time;
//  2. write the Commit: all of a patient in one atomic piece, Medications and tombstones in the last one;
//  3. Heal the patients of Commit.Later, if there are any;
//  4. write dead letters for the results that are Rejected;
//  5. acknowledge the events.
//
// Whoever stops between any two of these loses nothing: the events come again, find what was written and change nothing more.
//
// Doors: Serve runs the consumer, StartEmbedded a server for it, Publish puts inputs on the inbound stream, Watch follows
// flags, NewReplay folds files. The subjects and streams are in subjects.go and streams.go.
//
// The package must not know clinical logic (which drug, result or diagnosis means what): it moves facts, and asks package
// checks to decide. Nor may a patient's identifier, a name or a free text of a payload get into a subject, a log line, a
// metric, a header or an error.
package consumers
