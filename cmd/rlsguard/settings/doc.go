// Package settings reads the configuration file of a site, and says where in it a mistake stands.
//
// It hands out settings that are valid as a whole, the options of the reader, and the hash of
// everything that flags depend on.
//
// The package must not know commands, NATS or what a setting does: package checks says which there
// are.
package settings
