// Package await waits until a flag shows an answer that was published, and says why where it does
// not: an answer that is stored and does not count looks like one that does.
//
// It takes no more rights than answering does: flags are read from RLS_FLAGS, and how far inputs
// have been decided from the consumer of FHIR.
//
// The package must not publish anything, nor know options.
package await
