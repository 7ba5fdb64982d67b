// Package blocks reads, checks and overwrites the private files in which nats-server keeps messages:
// where they stand, how a record is laid out, and what tells a damaged one from one that was cut
// short. No other room knows that layout, which no version of the server promises; a test fails on
// the first whose files differ.
//
// Callers overwrite only while no server writes to the same records, or where it answers for them.
//
// It must not know what a message means, nor which stream may lose what.
package blocks
