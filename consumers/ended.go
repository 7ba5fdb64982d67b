package consumers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// A transition that ends its flag, or that flag's severity, stays in RLS for endedFor: by then the
// flag has often opened again, which replaces it. It is deleted after that, once RLS_AUDIT and
// RLS_FLAGS hold it: such transitions would be most of RLS. RLS_FLAGS keeps it until its time is
// over. Three minutes are longer than a server takes until it syncs what RLS_FLAGS writes (two, by
// default): it will not lose what nobody can copy again. Tests have less patience.
var endedFor = 3 * time.Minute

// mostEnded is how many are deleted in one round.
const mostEnded = 400

// ended is such a transition in RLS.
type ended struct {
	seq    uint64
	number string
	since  time.Time
}

// endedOf are those of entries for audit: each was committed right after what is shown of it.
func endedOf(entries []audit.Entry) []ended {
	var found []ended
	for i := range entries {
		if e := &entries[i]; !showsOpen(e.Header) {
			found = append(found, ended{e.Committed - 1, strconv.FormatUint(e.Number, 10), e.Stored})
		}
	}
	return found
}

// findEnded reads those that RLS has, when a session begins.
func (s *session) findEnded(ctx context.Context) ([]ended, error) {
	var found []ended
	cfg := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{layout.SubjectCommitFlags + ">"},
		HeadersOnly:    true,
	}
	err := jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		if !showsOpen(m.Headers()) {
			found = append(found, ended{meta.Sequence.Stream, m.Headers().Get(layout.HeaderNumber), meta.Timestamp})
		}
		return nil
	})
	return found, err
}

// deleteEnded deletes those whose time has come. firstLeft is the sequence of the first entry for audit
// that RLS still has, 0 for none.
func (s *session) deleteEnded(ctx context.Context, firstLeft uint64) error {
	p := &s.pruning
	stream, err := s.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	for range mostEnded {
		if len(p.ended) == 0 || time.Since(p.ended[0].since) < endedFor ||
			firstLeft > 0 && p.ended[0].seq+1 >= firstLeft {
			return nil
		}
		if err := s.deleteOne(ctx, stream, p.ended[0]); err != nil {
			return err
		}
		p.ended = p.ended[1:]
	}
	return nil
}

// deleteOne deletes what is still there and is what it was.
func (s *session) deleteOne(ctx context.Context, rls jetstream.Stream, e ended) error {
	m, err := rls.GetMsg(ctx, e.seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil // replaced
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	flag, ours := strings.CutPrefix(m.Subject, layout.SubjectCommitFlags)
	if !ours || m.Header.Get(layout.HeaderNumber) != e.number || showsOpen(m.Header) {
		return nil
	}
	shown := jet.LastOf(ctx, s.js, layout.StreamFlags, layout.SubjectFlags+flag)
	if shown == nil || !sameTransition(shown.Header, m.Header) {
		return nil
	}
	if err := rls.DeleteMsg(ctx, e.seq); err != nil && !jet.IsNoMessage(err) {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	return nil
}

func sameTransition(a, b nats.Header) bool {
	for _, name := range []string{layout.HeaderNumber, layout.HeaderTransition, "ce-id", "ce-time"} {
		if a.Get(name) != b.Get(name) {
			return false
		}
	}
	return checks.Change(a.Get(layout.HeaderTransition)) != ""
}
