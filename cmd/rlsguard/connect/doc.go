// Package connect finds the NATS server of a command line and connects to it, keeps secrets where
// only their owner reads them, and opens the doors that answer about orders.
//
// A connection to another machine without TLS, a key that others may read and a door open to the
// network are refused here. What is opened is closed by the caller.
//
// The package must not know flags, patients or how anything is shown.
package connect
