// Package operate does what people need when something went wrong, or before it does: it lists,
// retries and drops dead letters, verifies what is stored, exports and imports states, erases a
// patient, and acknowledges losses.
//
// A caller's duties, in order:
//
//  1. connect as a user who may read and write what the task does;
//  2. stop rlsguard serve for an import, which refuses to work beside it; everything else may run
//     while it serves;
//  3. do a task again when it was interrupted: each can be repeated until it ends.
//
// The package must not know the loop of serve, its health or its durable consumers beyond their
// names.
package operate
