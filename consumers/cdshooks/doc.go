// Package cdshooks is the HTTP door of the order check: CDS Hooks 2.0 (cds-hooks.hl7.org/2.0) with
// discovery, the hooks order-select, order-sign and patient-view, and feedback.
//
// A request is answered from what it brings and from what is stored; nothing is fetched from
// anywhere. What it lacks, what of it cannot be read, and what could not be checked in time is said
// in a card: an answer is never silence. Clients show who they are by a signed token (Verifier);
// without one the door is open, and then it must listen on loopback only.
//
// The package must not know clinical rules nor the bus beyond the interface Bus. Identifiers of
// patients stay inside requests and answers: they are in no log line, subject, metric or error.
package cdshooks
