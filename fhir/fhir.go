// Package fhir turns bytes into facts: it reads FHIR R4 JSON (resources, Bundles, Parameters,
// NDJSON, gzip, CloudEvents envelopes) as far as the checks need it. Package scan reads JSON,
// datetime dates, and issue writes flags as DetectedIssue.
//
// It must not know NATS, files, the time of day (Options.Now is passed in), which drugs or results
// matter beyond asking checks/terms, or what a fact leads to.
package fhir

import (
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms"
)

// Reason is why a resource was rejected. The list is closed.
type Reason string

// The reasons of the contract.
const (
	InvalidJSON         Reason = "invalid-json"
	NotFHIR             Reason = "not-fhir"
	UnsupportedVersion  Reason = "unsupported-fhir-version"
	InvalidResource     Reason = "invalid-resource"
	NoPatient           Reason = "no-patient"
	TooLarge            Reason = "too-large"
	TooDeep             Reason = "too-deep"
	UnsupportedEncoding Reason = "unsupported-encoding"
	// unsupportedOperation: an entry changes resources without stating the result.
	unsupportedOperation Reason = "unsupported-operation"
)

// Reasons lists them all, in the order of the contract.
var Reasons = []Reason{
	InvalidJSON,
	NotFHIR,
	UnsupportedVersion,
	InvalidResource,
	NoPatient,
	TooLarge,
	TooDeep,
	UnsupportedEncoding,
	unsupportedOperation,
}

// Rejection says what was rejected, where, and what was expected. Detail never contains text of the
// payload.
type Rejection struct {
	Reason  Reason
	Pointer string // JSON pointer (RFC 6901) into the document; "" is all of it
	Detail  string
}

func (r *Rejection) Error() string {
	return fmt.Sprintf("%s at %q: %s", r.Reason, r.Pointer, r.Detail)
}

// Options of a reader.
type Options struct {
	Terms *terms.Terms
	// Base is the own FHIR server's base URL: references to other servers keep theirs. "" drops
	// every base.
	Base       string
	Now        time.Time // real clock, to check meta.lastUpdated
	MaxBytes   int       // of one JSON value, unpacked; of a line in NDJSON
	MaxDepth   int       // nesting
	MaxEntries int       // of a Bundle
}

// DefaultOptions are those of the contract; Now is zero, which disables the check of
// meta.lastUpdated.
func DefaultOptions() Options {
	return Options{MaxBytes: 16 << 20, MaxDepth: 64, MaxEntries: 100_000}
}

// Resource is one event: a resource of a document, read as far as it matters. It has a Rejection,
// or is Relevant, or neither (irrelevant).
type Resource struct {
	Entry     uint32 // position in the document, from 0
	Pointer   string // JSON pointer of the resource in the document
	Type      string // resourceType; "" if it could not be read
	Rejection *Rejection
	// Unread are the places of an accepted resource that could not be read.
	Unread   []Unread
	Relevant bool
	// Patient the fact is about; "" for a Medication, and for a deletion or withdrawal that names
	// no patient.
	Patient facts.Ref
	Fact    facts.Fact // except for Entry, Version.Arrival is left to the caller
}
