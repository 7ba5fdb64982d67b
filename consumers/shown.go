package consumers

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// shownTimeout is how long is waited for the flags to be copied; after it they are shown as they are.
const shownTimeout = 5 * time.Second

// shown waits until the stream RLS_FLAGS has what was committed in RLS: it copies from there, a moment later. Who may not read RLS
// does not wait.
func shown(ctx context.Context, js jetstream.JetStream) error {
	waiting, cancel := context.WithTimeout(ctx, shownTimeout)
	defer cancel()
	committed := lastOf(waiting, js, StreamRLS, subjectCommitFlags+">")
	if committed == nil {
		return ctx.Err()
	}
	for waiting.Err() == nil {
		if m := lastOf(waiting, js, StreamFlags, SubjectFlags+">"); m != nil && sourceSequence(m) >= committed.Sequence {
			return nil
		}
		select {
		case <-waiting.Done():
		case <-time.After(5 * time.Millisecond):
		}
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
func sourceSequence(m *jetstream.RawStreamMsg) uint64 {
	fields := strings.Fields(m.Header.Get("Nats-Stream-Source"))
	if len(fields) < 2 {
		return 0
	}
	n, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
