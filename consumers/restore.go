package consumers

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// errRestored: states that had vanished were stored again. Everything is read anew, and decided
// anew, since timers went with them.
var errRestored = errors.New("states that had vanished were stored again")

// restore stores states again as they are in memory, and the newest transitions of their flags.
func (s *session) restore(ctx context.Context, missing *commit.Missing) error {
	n := missing.Count()
	untold, err := s.restoreFlags(ctx)
	if err != nil {
		return err
	}
	have, err := jet.ReadSite(ctx, s.js)
	if err != nil {
		return err
	}
	if err := s.committer.Restore(ctx, have, missing, untold); err != nil {
		return err
	}
	s.log.Error().Int("states", n).Int("flags", len(untold)).
		Msg(
			"stored states had vanished from stream RLS and are stored again from memory; flags " +
				"that lost their transitions open again",
		)
	return errRestored
}

// restoreFlags puts the newest transitions of open flags back that RLS does not have, from
// RLS_FLAGS. It gives the flags that neither has, with their patients.
func (s *session) restoreFlags(ctx context.Context) (map[string]facts.Ref, error) {
	missing, err := s.committer.OpenFlags()
	if err != nil {
		return nil, err
	}
	id := func(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectCommitFlags + ">"}, HeadersOnly: true}
	err = jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		if showsOpen(m.Headers()) {
			delete(missing, id(m.Subject()))
		}
		return nil
	})
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	_, err = jet.EachDirect(
		ctx,
		s.js,
		layout.StreamFlags,
		layout.SubjectFlags+">",
		1,
		func(m *jetstream.RawStreamMsg) error {
			if _, is := missing[id(m.Subject)]; !is || !showsOpen(m.Header) {
				return nil
			}
			back := nats.NewMsg(layout.SubjectCommitFlags + strings.TrimPrefix(m.Subject, layout.SubjectFlags))
			back.Data, back.Header = m.Data, layout.Lasting(m.Header, m.Time)
			back.Header[layout.HeaderExpect] = []string{"0"}
			if !s.authentic(m.Subject, m.Header, m.Data, jet.SourceSequence(m.Header)) {
				return nil
			}
			s.signer.Sign(back, 0)
			if written := <-s.batches.Send(ctx, []*nats.Msg{back}); written.Err != nil &&
				!errors.Is(written.Err, jet.ErrConflict) {
				return written.Err
			}
			delete(missing, id(m.Subject))
			return nil
		},
	)
	return missing, err
}
