package consumers

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// rememberFlags gives states that are made again the flags that were published of them, so that
// numbers go on and nothing stays open that no state has.
func (s *session) rememberFlags(ctx context.Context) error {
	if s.rebuilding == 0 {
		return nil
	}
	newest := map[string]checks.Flag{}
	take := func(subject string, h nats.Header, data []byte, seq uint64) {
		f, err := layout.FlagOf(data)
		if err == nil && s.authentic(subject, h, data, seq) && newest[f.ID].Number < f.Number {
			newest[f.ID] = f
		}
	}
	err := audit.Each(ctx, s.js, audit.Reading{}, func(e audit.Entry) error {
		take(e.Subject, e.Header, e.Data, e.Committed)
		return nil
	})
	if err != nil {
		return err
	}
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectCommitFlags + ">"}}
	err = jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		take(m.Subject(), m.Headers(), m.Data(), meta.Sequence.Stream)
		return nil
	})
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	shown := func(m *jetstream.RawStreamMsg) error { // what has left RLS, and the audit keeps no more
		take(m.Subject, m.Header, m.Data, jet.SourceSequence(m.Header))
		return nil
	}
	if _, err := jet.EachDirect(ctx, s.js, layout.StreamFlags, layout.SubjectFlags+">", 1, shown); err != nil {
		return err
	}
	return s.committer.Remember(ctx, slices.Collect(maps.Values(newest)))
}
