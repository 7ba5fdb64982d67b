package consumers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// watchOver looks at streams and consumer: it learns up to where everything is acknowledged, and
// notices what was deleted.
func (s *session) watchOver(ctx context.Context) error {
	t := time.NewTicker(jet.LookEvery)
	defer t.Stop()
	for {
		err := s.look(ctx)
		if errors.Is(err, jet.ErrReplaced) || errors.Is(err, errRestored) {
			return err
		}
		if ctx.Err() == nil {
			s.health.Looked(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (s *session) look(ctx context.Context) error {
	streams, err := s.streams(ctx)
	if err != nil {
		return err
	}
	s.trouble(health.ChangedStream, jet.UnfitStreams(s.js, streams))
	s.lookForFeedback(ctx)
	info, err := s.watchDurables(ctx)
	if err != nil || info == nil {
		return err
	}
	s.compareClocks(info.TimeStamp)
	if err := s.watchInputs(ctx, streams[layout.StreamFHIR], info); err != nil {
		return err
	}
	if err := s.watchStates(ctx, streams[layout.StreamRLS], s.answers(info)); err != nil {
		return err
	}
	s.pruneAudit(ctx, s.answers(info))
	return s.watchOthers(ctx, streams[layout.StreamRLS].State.LastSeq, s.answers(info))
}

// feedbackEvery is how often the stream of feedback is looked for while it is there.
const feedbackEvery = 30 * time.Second

// lookForFeedback tells when the stream of feedback is missing where it has to be: feedback is
// refused then. Flags are decided without it, so that this instance stays ready. A user who may not
// look says nothing.
func (s *session) lookForFeedback(ctx context.Context) {
	apart := jet.DomainOf(s.js).Prefix != "" // rlsguard setup makes all streams there
	if now := time.Now(); !s.cfg.Feedback && !apart || now.Before(s.feedbackAt) {
		return
	}
	_, err := s.js.Stream(ctx, layout.StreamFeedback)
	const missing = "stream " + layout.StreamFeedback + " is missing: feedback on cards is refused until " +
		"rlsguard setup has created it"
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		if s.health.Notice(health.StreamMissing, missing) {
			s.log.Warn().Msg(missing)
		}
		return
	case err == nil && s.health.Notice(health.StreamMissing, ""):
		s.log.Info().Msg("stream " + layout.StreamFeedback + " is there again")
	}
	s.feedbackAt = time.Now().Add(feedbackEvery)
}

// trouble shows a reason of not being ready, "" when it has gone, and logs it once.
func (s *session) trouble(reason, detail string) {
	switch news := s.health.Trouble(reason, detail); {
	case news && detail != "":
		s.log.Error().Str("reason", reason).Msg(detail)
	case news:
		s.log.Info().Str("reason", reason).Msg("back to normal")
	}
}

// unreplaced tells whether the streams are still those that the session began with.
func (s *session) unreplaced(ctx context.Context) error {
	_, err := s.streams(ctx)
	return err
}

// streams are those that the session began with, as they are now.
func (s *session) streams(ctx context.Context) (map[string]*jetstream.StreamInfo, error) {
	if s.cfg.Embedded != nil && s.cfg.Embedded.Starts.Load() != s.starts {
		return nil, fmt.Errorf("%w: the embedded server was restarted", jet.ErrReplaced)
	}
	flags := time.Time{} // while this session makes RLS_FLAGS anew
	if made := s.flagsMade.Load(); made != 0 {
		flags = time.Unix(0, made)
	}
	found := map[string]*jetstream.StreamInfo{}
	for name, made := range map[string]time.Time{
		layout.StreamRLS: s.created, layout.StreamFHIR: time.Unix(0, s.epoch), layout.StreamFlags: flags,
		layout.StreamAudit: {}, layout.StreamDead: {}, layout.StreamRejected: {},
	} {
		stream, err := s.js.Stream(ctx, name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound) && name == layout.StreamFlags && flags.IsZero():
			continue
		case errors.Is(err, jetstream.ErrStreamNotFound):
			return nil, fmt.Errorf("%w: %s is gone", jet.ErrReplaced, name)
		case err != nil:
			return nil, fmt.Errorf("stream %s: %w", name, err)
		case !made.IsZero() && !stream.CachedInfo().Created.Equal(made):
			return nil, fmt.Errorf("%w: %s", jet.ErrReplaced, name)
		}
		found[name] = stream.CachedInfo()
	}
	return found, nil
}
