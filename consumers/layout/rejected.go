package layout

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/fhir"
)

// Rejection is what producers learn of a rejected input: neither payload nor detail, and nothing
// that names a patient.
type Rejection struct {
	Reason  string
	Pointer string // to the place in the input, as far as its names are FHIR's
	Input   uint64 // sequence of the input in the stream FHIR
	Epoch   int64  // creation of that stream, Unix nanoseconds
}

// RejectionMessage tells producers about a dead letter, under the same message id.
func RejectionMessage(letter *nats.Msg, pointer string) *nats.Msg {
	m := &nats.Msg{Subject: subjectRejected + letter.Header.Get(HeaderReason), Header: nats.Header{}}
	for _, name := range []string{HeaderReason, HeaderSequence, HeaderEpoch, HeaderTime, nats.MsgIdHdr} {
		m.Header[name] = letter.Header[name]
	}
	m.Header[HeaderPointer] = []string{plainPointer(pointer, fhir.Reason(letter.Header.Get(HeaderReason)))}
	return m
}

// RejectionOf reads what RejectionMessage wrote.
func RejectionOf(h nats.Header) Rejection {
	r := Rejection{Reason: h.Get(HeaderReason), Pointer: h.Get(HeaderPointer)}
	// Not a number: it came from elsewhere, and there is no input to find.
	r.Input, _ = strconv.ParseUint(h.Get(HeaderSequence), 10, 64)
	r.Epoch, _ = strconv.ParseInt(h.Get(HeaderEpoch), 10, 64)
	return r
}

// Names in a pointer. In a readable resource they are FHIR's; in an unreadable one, a sender's own
// name may be anything, even a patient's, so only those around a resource are shown.
var (
	elementName = regexp.MustCompile(`^(_?[a-z][A-Za-z0-9]{0,39}|[0-9]{1,9})$`)
	aroundName  = regexp.MustCompile(`^(data|entry|resource|contained|[0-9]{1,9})$`)
)

// plainPointer is a JSON pointer reduced to what cannot name a patient.
func plainPointer(pointer string, why fhir.Reason) string {
	plain := elementName
	if why != fhir.InvalidResource && why != fhir.NoPatient {
		plain = aroundName
	}
	end := 0
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if !plain.MatchString(name) {
			break
		}
		end += 1 + len(name)
	}
	return pointer[:end]
}
