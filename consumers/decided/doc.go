// Package decided keeps the record of which inputs were decided, by their sequence in the inbound
// stream: an acknowledgement alone does not tell an input that was decided from one that left the
// stream before anybody read it.
//
// Stretches are sets of sequences. An InputRecord says which were decided and which are lost.
//
// A caller's duties, in order:
//
//  1. read the record (ReadInputs) before changing it, and begin a new one where it is of another
//     stream;
//  2. add what was decided only after it was committed;
//  3. Write it, and read it again when somebody else was faster.
//
// The package must not know what an input holds, patients, flags or the durable consumer.
package decided
