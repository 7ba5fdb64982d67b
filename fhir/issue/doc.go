// Package issue writes flags as FHIR R4 DetectedIssue and reads its own back, with the
// acknowledgement a flag carries. It defines the addresses of our identifiers, code systems and
// extensions, on which readers of flags may rely.
//
// It must not know the reader of other resources, or how flags are decided and sent. Package fhir
// reads acknowledgements that arrive as events.
package issue
