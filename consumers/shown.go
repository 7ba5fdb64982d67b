package consumers

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// shownTimeout is how long is waited for the flags to be copied; after it they are shown as they are.
const shownTimeout = 5 * time.Second

// shown waits until the stream RLS_FLAGS has what was committed in RLS: it copies from there, in the same order, a moment later. What it
// has of an earlier RLS says nothing, so the newest commit is looked for itself. Who may not read RLS does not wait.
func shown(ctx context.Context, js jetstream.JetStream) error {
	waiting, cancel := context.WithTimeout(ctx, shownTimeout)
	defer cancel()
	committed := lastOf(waiting, js, StreamRLS, subjectCommitFlags+">")
	for committed != nil && waiting.Err() == nil {
		m := lastOf(waiting, js, StreamFlags, SubjectFlags+strings.TrimPrefix(committed.Subject, subjectCommitFlags))
		switch {
		case m == nil || sourceSequence(m.Header) < committed.Sequence:
		case sourceSequence(m.Header) == committed.Sequence:
			return nil
		default: // of a later commit, which may be of an earlier RLS
			committed = lastOf(waiting, js, StreamRLS, committed.Subject)
		}
		sleep(waiting, 5*time.Millisecond)
	}
	return ctx.Err()
}

// lastOf is the newest message under a subject; nil when there is none that we may read.
func lastOf(ctx context.Context, js jetstream.JetStream, stream, subject string) *jetstream.RawStreamMsg {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return nil
	}
	m, err := s.GetLastMsgForSubject(ctx, subject)
	if err != nil || errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	return m
}

// sourceSequence is where in RLS a message of RLS_FLAGS comes from, as the server notes it: stream, sequence, and more.
func sourceSequence(h nats.Header) uint64 {
	fields := strings.Fields(h.Get("Nats-Stream-Source"))
	if len(fields) < 2 {
		return 0
	}
	n, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
