// Package sim runs committers of package consumers on a made-up JetStream with a made-up clock, and
// breaks what can break there: instances that all believe to be active, crashes between any two
// effects, batches whose answer is lost, late or no, batches that a damaged disk cuts short,
// redelivery, reordering, readers that lag, copying that goes on without something, somebody else
// who writes among the states. Everything is drawn from one seed, so that a run that fails can be
// run again as it was.
//
// What it holds afterwards: the flags are those of one replay in the order of the stream, every
// resource got exactly one outcome, the history of each flag counts without a gap or a repetition
// and opens before it resolves, each of its transitions is in RLS or in RLS_AUDIT, and what was
// acknowledged is in the result.
//
// The package is for tests. It knows the messages of package consumers as a server sees them, by
// subject and header, and must not know what is in them.
package sim
