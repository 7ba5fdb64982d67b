// Package jet is the craft of JetStream: connecting and saying why that fails, making streams,
// batches that are stored whole or not at all, ordered reads to the end of a stream, waiting for
// what was sent to be decided or copied, and backing off.
//
// A caller's duties, in order:
//
//  1. connect with the options of a Reach, which reports what goes wrong;
//  2. make the streams (MakeStreams) before anything reads or writes them;
//  3. after ErrUnknown or ErrConflict read what is stored before sending again: nobody knows what
//     became of the batch, or somebody else was faster.
//
// The package must not know what a flag, a state or a patient is. Of layout it uses the names and
// settings of streams, the headers of a dead letter, and the record of the site.
package jet
