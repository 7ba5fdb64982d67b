// Package commit keeps everything that is known about patients in memory, decides about batches of events over it, and writes what
// that changes, until what was decided on is what is stored.
//
// A WorkingCopy holds the stored states. A Committer decides and writes; it knows neither a connection nor a clock nor a goroutine,
// and is not for concurrent use.
//
// The package must not know a connection beyond jet.Store, durable consumers, dead letters or what is acknowledged how.
package commit
