package layout

import (
	"net/url"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/fhir"
)

// DeadLetter is one rejection, without its payload. Detail and Pointer may contain text of the
// payload.
type DeadLetter struct {
	Number  uint64    // in the stream RLS_DEAD
	Time    time.Time // of the rejection
	Reason  string
	Detail  string
	Pointer string // to the place in the input
	Input   uint64 // sequence of the input in the stream FHIR
	Size    int    // of the payload, bytes
	LeftOut bool   // its payload was not kept

	Epoch       int64 // creation of the stream FHIR
	Acknowledge bool  // the input came on the subject where acknowledgements count
}

// InputID identifies what was rejected.
type InputID struct {
	Epoch    int64
	Sequence uint64
}

// PartlyRead reports that nothing was rejected: the input counted, but parts of it could not be
// read.
func (l *DeadLetter) PartlyRead() bool { return l.Reason == string(PartlyRead) }

func (l *DeadLetter) From() InputID { return InputID{l.Epoch, l.Input} }

func LetterOf(number uint64, at time.Time, h nats.Header, size int) DeadLetter {
	text := func(name string) string {
		s, err := url.PathUnescape(h.Get(name))
		if err != nil {
			return h.Get(name)
		}
		return s
	}
	l := DeadLetter{
		Number:      number,
		Time:        at.UTC(),
		Reason:      h.Get(HeaderReason),
		Detail:      text(HeaderDetail),
		Pointer:     text(HeaderPointer),
		Size:        size,
		LeftOut:     h.Get(HeaderLeftOut) != "",
		Acknowledge: h.Get(HeaderSubject) == SubjectAcknowledge,
	}
	// Not a number: it came from elsewhere, and there is no input to find.
	l.Input, _ = strconv.ParseUint(h.Get(HeaderSequence), 10, 64)
	l.Epoch, _ = strconv.ParseInt(h.Get(HeaderEpoch), 10, 64)
	return l
}

// PartlyRead is the reason of a letter that rejects nothing: it reports the unreadable parts of an
// input.
const PartlyRead fhir.Reason = "partly-read"
