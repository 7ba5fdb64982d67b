package audit

import (
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Entry is a transition that is kept for audit.
type Entry struct {
	Flag   string // id
	Number uint64
	// Subject is the one under which it was committed, whichever stream it was read from.
	Subject string
	Header  nats.Header
	Data    []byte    // nil where headers alone are read
	Stored  time.Time // in the stream that it was read from
	// Committed is its sequence in RLS, and Copied that in RLS_AUDIT, 0 where it was read from RLS.
	Committed, Copied uint64
}

// entryOf is an entry as a consumer of RLS or RLS_AUDIT delivers it; false for what is none.
func entryOf(m jetstream.Msg, meta *jetstream.MsgMetadata) (Entry, bool) {
	e := Entry{Header: m.Headers(), Data: m.Data(), Stored: meta.Timestamp}
	rest, ours := strings.CutPrefix(m.Subject(), layout.SubjectAudit)
	id, number, committed := strings.Cut(rest, ".")
	if committed {
		e.Committed = meta.Sequence.Stream
	} else {
		number = e.Header.Get(layout.HeaderNumber)
		e.Committed, e.Copied = jet.SourceSequence(e.Header), meta.Sequence.Stream
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if !ours || err != nil {
		return Entry{}, false
	}
	e.Flag, e.Number, e.Subject = id, n, layout.AuditSubject(id, n)
	return e, true
}

var seed = maphash.MakeSeed()

// Sum is the same for an entry and its copy, and for no two others in one process: of sequence and
// subject, the size, and every header but the server's own. The headers hold the time that was
// decided for.
func (e *Entry) Sum() uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	text := func(s string) {
		h.WriteString(s)
		h.WriteByte(0)
	}
	text(strconv.FormatUint(e.Committed, 10))
	text(e.Subject)
	text(e.size())
	for _, name := range slices.Sorted(maps.Keys(e.Header)) {
		if !strings.HasPrefix(name, "Nats-") {
			text(name)
			for _, value := range e.Header[name] {
				text(value)
			}
		}
	}
	return h.Sum64()
}

// size is that of the payload. Where a consumer leaves it out, the server tells.
func (e *Entry) size() string {
	if told := e.Header.Get("Nats-Msg-Size"); told != "" && len(e.Data) == 0 {
		return told
	}
	return strconv.Itoa(len(e.Data))
}
