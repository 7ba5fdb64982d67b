// Package help prints what commands are for: examples first, then what the command does, then its
// options in groups. Options of the connection, which most commands share, are told once, by the
// topic "connection".
//
// The package must not know what a command does.
package help
