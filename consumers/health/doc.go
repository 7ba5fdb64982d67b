// Package health says whether a consumer is ready, and if not, why: in the words of a closed list,
// and in metrics for Prometheus.
//
// A caller's duties, in order:
//
//  1. Begin when a session begins, and Show what it counts once it has read the states;
//  2. report what changes: connection, disk, clock, durables, commits;
//  3. ReadyIf everything is known and shown, and Unready before anything that was said becomes
//     void.
//
// The package must not know NATS messages, states, or how anything is decided. Of fold it uses
// outcomes, of checks the catalogue and severities. No metric has a label that could name a
// patient.
package health
