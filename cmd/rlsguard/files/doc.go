// Package files finds the files that a command line names, reads them in order on all processors,
// and keeps the account of what was in them: taken, rejected, read in part, passed over.
//
// Fold is what replay and check --facts share. A path that is not there is an error; a file that
// cannot be read costs the others nothing and stands in the account.
//
// The package must not know how flags are shown, nor NATS.
package files
