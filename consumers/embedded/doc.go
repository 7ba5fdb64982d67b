// Package embedded runs a NATS server with JetStream inside the process, on a data folder of its
// own, and holds that folder against what was acknowledged before: it mends what can be made again,
// and refuses to start over what cannot.
//
// A caller's duties, in order:
//
//  1. start a server, and give it to nobody else before that has returned: what was damaged is put
//     aside by then;
//  2. connect within the process through Connect, others through URL;
//  3. watch Starts: when the server was started again after its disk was full, what was read before
//     is void;
//  4. close all connections, then Stop it.
//
// It reads private files of nats-server (its blocks of messages), to tell a damaged store from one
// that is short.
//
// Users are given the accounts and rights of deploy, whose text is the one place where they stand;
// streams of two accounts are reached through jet.
//
// The package must not know FHIR, flags, patients or how anything is decided. Of layout it uses the
// names of streams.
package embedded
