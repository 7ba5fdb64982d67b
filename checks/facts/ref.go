package facts

import (
	"cmp"
	"strings"
)

// Ref names a resource: "MedicationRequest/9". The server's own base URL and _history are stripped.
// An unresolved "urn:uuid:..." stays as sent.
type Ref string

// Type is the resource type of r, or "" if it has none (an unresolved urn).
func (r Ref) Type() string {
	s := string(r)
	if strings.HasPrefix(s, "urn:") {
		return ""
	}
	end := strings.LastIndexByte(s, '/')
	if end < 0 {
		return ""
	}
	return s[strings.LastIndexByte(s[:end], '/')+1 : end]
}

// Arrival is the position of an event in its source; among equal versions the later arrival wins.
// On a stream it is the stream's creation, the sequence and the entry in the Bundle; in replay the
// entry of a file.
type Arrival struct {
	Epoch    int64  // creation of the stream, Unix nanoseconds; 0 in replay
	Sequence uint64 // stream sequence; position of the file in replay
	Entry    uint32 // position in the document
}

// Compare orders arrivals: negative if a came before b.
func (a Arrival) Compare(b Arrival) int {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Entry, b.Entry))
}

// Version places one version of a resource in the total order of the contract: meta.lastUpdated,
// then the number of meta.versionId, then the arrival. An absent value is lowest.
type Version struct {
	Updated int64  // meta.lastUpdated, Unix nanoseconds; 0 if absent
	Number  string // numeric meta.versionId without leading zeros ("0" for zero); "" if absent or not a number
	Arrival Arrival
}

// Compare orders versions: negative if v is older than w.
func (v Version) Compare(w Version) int {
	return cmp.Or(v.compareMeta(w), v.Arrival.Compare(w.Arrival))
}

// compareMeta orders versions by what the resources say, ignoring the arrival.
func (v Version) compareMeta(w Version) int {
	return cmp.Or(
		cmp.Compare(v.Updated, w.Updated),
		cmp.Compare(len(v.Number), len(w.Number)),
		cmp.Compare(v.Number, w.Number),
	)
}
