// Package tables holds the commands about what the program knows without any patient: its checks,
// what a drug code or name means, and site tables made from code systems.
//
// The package must not know patients, flags or NATS.
package tables
