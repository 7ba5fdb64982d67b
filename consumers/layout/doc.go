// Package layout names what is on the server: streams and their settings, subjects, headers, the
// tokens that stand for patients, the record of the site, erasure markers, dead letters, and the
// messages of a flag and of a timer, signatures and tallies. Anything that two packages have to
// agree on stands here once.
//
// A caller's duties: derive every subject of a patient from a Token, never from an identifier; and
// write with the headers that these functions give, since replicas, dashboards and verify read
// them; sign last what goes into the stream RLS, and believe nothing there that Check refuses.
//
// The package must not know a connection, nor who reads or writes a message, nor when.
package layout
