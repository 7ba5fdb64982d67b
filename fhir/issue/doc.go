// Package issue writes flags as FHIR R4 DetectedIssue and reads back those that it wrote, with the
// acknowledgement that a flag carries. The addresses of our identifiers, code systems and
// extensions are here; whoever reads flags may rely on them.
//
// It must not know the reader of other resources, or how flags are decided and sent. An
// acknowledgement that arrives as an event is read by fhir.
package issue
