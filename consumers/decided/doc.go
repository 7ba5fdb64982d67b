// Package decided keeps the record of which inputs were decided, by their sequence in the inbound
// stream: an acknowledgement alone does not distinguish a decided input from one that left the
// stream before anybody read it.
//
// Stretches are sets of sequences. An InputRecord says which were decided and which are lost.
//
// A caller must, in this order:
//
//  1. read the record (ReadInputs) before changing it, and start a new one if it is of another
//     stream;
//  2. add what was decided only after it was committed;
//  3. Write it, and read it again if somebody else was faster.
//
// The package must not know what an input holds, patients, flags or the durable consumer.
package decided
