// Package audit knows the way of a transition that is kept for audit: it is committed to RLS, the
// server copies it to RLS_AUDIT, and once that copy is there RLS no longer needs it. Each reads
// what is kept, wherever it is; a Pruner takes out of RLS what RLS_AUDIT holds.
//
// A caller's duties, in order:
//
//  1. make both streams (jet.MakeStreams);
//  2. read states and newest transitions before the audit, when they have to fit: what the audit has
//     beyond them is newer;
//  3. let one instance prune at a time. Two do no harm.
//
// The package must not know what is in a transition, nor when anybody prunes.
package audit
