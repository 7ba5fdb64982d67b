// Package layout names everything on the server: streams and their settings, subjects, headers, the
// tokens that stand for patients, the record of the site, erasure markers, dead letters, the
// messages of a flag and of a timer, signatures and tallies. Whatever two packages must agree on is
// here, once.
//
// Callers must derive every subject of a patient from a Token, never from an identifier; write with
// the headers these functions return, since replicas, dashboards and verify read them; sign last
// what goes into the stream RLS; and believe nothing there that Check refuses.
//
// The package must not know a connection, nor who reads or writes a message, nor when.
package layout
