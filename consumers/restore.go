package consumers

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/audit"
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

// restoreFlags stores the newest transitions of open flags again that neither RLS nor RLS_FLAGS
// shows, from the audit. It gives the flags that nobody has any more, with their patients.
func (s *session) restoreFlags(ctx context.Context) (map[string]facts.Ref, error) {
	missing, err := s.committer.OpenFlags()
	if err != nil {
		return nil, err
	}
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectCommitFlags + ">"}, HeadersOnly: true}
	err = jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		if showsOpen(m.Headers()) {
			delete(missing, lastPart(m.Subject()))
		}
		return nil
	})
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	take := func(m *jetstream.RawStreamMsg) error {
		if showsOpen(m.Header) && s.authentic(m.Subject, m.Header, m.Data, jet.SourceSequence(m.Header)) {
			delete(missing, lastPart(m.Subject))
		}
		return nil
	}
	if _, err = jet.EachDirect(ctx, s.js, layout.StreamFlags, layout.SubjectFlags+">", 1, take); err != nil {
		return nil, err
	}
	if len(missing) == 0 {
		return nil, nil
	}
	open, err := s.committer.Numbers()
	if err != nil {
		return nil, err
	}
	kept, err := s.audited(ctx, audit.Reading{}, open)
	if err != nil {
		return nil, err
	}
	for subject, m := range kept {
		id := lastPart(subject)
		if _, is := missing[id]; !is || !showsOpen(m.Header) || layout.NumberOf(m.Header) != open[id].Number {
			continue
		}
		if err := s.storeFlag(ctx, m); err != nil {
			return nil, err
		}
		delete(missing, id)
	}
	return missing, nil
}
