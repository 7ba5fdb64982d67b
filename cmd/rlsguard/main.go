// Command rlsguard checks medicines and iron labs of people with restless legs syndrome (RLS): it
// reads FHIR R4 events, from files or from NATS, and prints or publishes flags.
//
// This package only wires the rooms behind it to a command line. It must not know what a flag
// means, how FHIR is read or how NATS is spoken to.
package main

import (
	"os"
	_ "time/tzdata" // so that the zone setting works where the system has no zones, as in a bare container
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
