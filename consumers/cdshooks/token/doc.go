// Package token checks who calls a CDS Hooks service: the bearer tokens of CDS Hooks 2.0, "Trusting
// CDS Clients", and the keys of their issuers.
//
// A Verifier is for concurrent use. Its caller hands in the header Authorization as it came,
// refuses the call when there is an error, and may log Reason of it, which repeats nothing of the
// token.
//
// The package must not know FHIR, hooks, cards or patients.
package token
