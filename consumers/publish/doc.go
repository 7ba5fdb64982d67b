// Package publish puts FHIR documents on the inbound stream, whole where they fit and split where
// they do not, and tells which of them were rejected.
//
// A caller's duties, in order:
//
//  1. Publish the documents; each is on its way when the call returns, and not more;
//  2. Flush, and count only what Flush says is stored;
//  3. Wait until all was decided, then ask for what was Rejected;
//  4. Close the Publisher.
//
// The package must not know states, flags or the rules: of a document it reads the resource type
// and the parts it splits.
package publish
