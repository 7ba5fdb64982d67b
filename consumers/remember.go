package consumers

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
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
	for _, filter := range []string{layout.SubjectAudit + ">", layout.SubjectCommitFlags + ">"} {
		cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}}
		err := jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
			f, err := layout.FlagOf(m.Data())
			if err != nil || !s.authentic(m.Subject(), m.Headers(), m.Data(), meta.Sequence.Stream) {
				return nil
			}
			if newest[f.ID].Number < f.Number {
				newest[f.ID] = f
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
		}
	}
	return s.committer.Remember(ctx, slices.Collect(maps.Values(newest)))
}
