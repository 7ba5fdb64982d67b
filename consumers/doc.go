// Package consumers serves: Serve takes FHIR events from the inbound stream and commits the flags
// that they lead to.
//
// A session runs over streams that stay the same. It reads the stored states, brings them to the
// rules of this process, and then goes round: take messages, read them, decide about a batch,
// commit it, write dead letters, acknowledge. When a stream is replaced, a state cannot be read or
// the server is lost, the session ends and Serve begins another.
//
// A caller's duties, in order:
//
//  1. start the server first, if there is an embedded one, and hand it over in Config.Embedded;
//  2. call Serve once for a Config, and end it through its context;
//  3. stop what reads Config.Known and Config.Health, then the server, once Serve has returned.
//
// Glossary. One word has one meaning in this folder:
//
//   - A fact is what one version of a resource says that matters here: an order, a result, a
//     diagnosis.
//   - A mark is a fact that holds nothing but a version, so that an older version that comes later
//     is known to be old.
//   - A tombstone is the mark of a resource that was deleted or withdrawn without naming its
//     patient; it has its own subject.
//   - A state is everything that is stored about one patient: facts, open flags, and the time to
//     look again.
//   - A flag is a finding of one check about one patient and ingredient. It opens, changes and
//     resolves.
//   - A transition is one such change of a flag, numbered without gaps. Transitions are what is
//     published.
//   - A commit is what a batch of events changes: states and transitions, written atomically for
//     each patient.
//   - In flight is a batch that was sent and is not answered yet. There is at most one; the next is
//     decided over it.
//   - To heal is to decide again about a patient whose state was written by an instance that had
//     not seen everything.
//   - A dead letter is an input, or a part of one, that could not be read or committed. It is kept
//     with its reason.
//   - A signature authenticates a stored message with a key derived from the site key. What has none,
//     or one for another place or time, is foreign: told, counted, replaced, and never used.
//   - A tally is one writer's part of a sum over the signatures of all states. Each batch that changes
//     states carries one, so that it is noticed where states are missing or older than they should be.
//   - The working copy is every stored state, encoded, in the memory of one instance.
//
// The package must not know how a state is encoded, nor clinical logic (which drug, result or
// diagnosis means what). Nor may a patient's identifier, a name or a free text of a payload get
// into a subject, a log line, a metric, a header or an error.
package consumers
