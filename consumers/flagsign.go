package consumers

import (
	"context"
	"errors"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// authentic tells whether a message that stood or stands in RLS under a sequence was written by
// rlsguard, now or before it signed anything.
func (s *session) authentic(subject string, h nats.Header, data []byte, seq uint64) bool {
	if !layout.IsSigned(h) && seq <= s.unsigned {
		return true
	}
	_, _, err := s.signer.Check(subject, h, data)
	return err == nil
}

// signFlags signs the newest transitions that an earlier version stored. Whoever listens live hears
// them once more.
func (s *session) signFlags(ctx context.Context, upTo uint64) error {
	var batch []*nats.Msg
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := s.batches.Write(ctx, batch)
		if batch = nil; errors.Is(err, jet.ErrConflict) {
			return nil // another instance does the same; what is left is as old as before
		}
		return err
	}
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectCommitFlags + ">"}}
	err := jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		if meta.Sequence.Stream > upTo || layout.IsSigned(m.Headers()) {
			return nil
		}
		signed := &nats.Msg{Subject: m.Subject(), Data: m.Data(), Header: layout.Lasting(m.Headers(), meta.Timestamp)}
		signed.Header[layout.HeaderExpect] = []string{strconv.FormatUint(meta.Sequence.Stream, 10)}
		s.signer.Sign(signed, 0)
		if batch = append(batch, signed); len(batch) < jet.MaxBatch/2 {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}
