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

// copyEvery is how often is looked whether RLS_FLAGS has caught up.
const copyEvery = 100 * time.Millisecond

// copyStall is how long the server may copy nothing while there is something to copy; it tries
// again by itself every few seconds. Tests have less patience.
var copyStall = 30 * time.Second

// becomeReady tells that the consumer is ready once it knows and shows everything: after states
// were lost only when they were made again from the inbound stream, and always when dashboards read
// what was committed.
func (s *session) becomeReady(ctx context.Context) error {
	if err := s.rebuilt(ctx); err != nil {
		return err
	}
	s.health.Unready(health.CopyingFlags)
	if err := s.waitCopySettled(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	if err := s.unreplaced(ctx); err != nil {
		if errors.Is(err, jet.ErrReplaced) {
			return err
		}
		s.log.Warn().Err(err).Msg("looking at the streams again") // watchOver goes on doing so, and tells
	}
	s.health.ReadyIf(ctx)
	return s.keepCopySettled(ctx)
}

// keepCopySettled compares RLS_FLAGS again after each loss of the connection, until ctx ends: a
// server that was killed may have lost the end of RLS_FLAGS, which it does not sync, and copies only
// what RLS has left.
func (s *session) keepCopySettled(ctx context.Context) error {
	for seen := s.nc.Stats().Reconnects; ctx.Err() == nil; jet.Sleep(ctx, jet.LookEvery) {
		now := s.nc.Stats().Reconnects
		if now == seen {
			continue
		}
		seen = now
		if err := s.waitCopySettled(ctx); err != nil {
			return err
		}
	}
	return nil
}

// rebuilt waits until the inbound stream was decided as far as it reached when states were lost.
func (s *session) rebuilt(ctx context.Context) error {
	if s.rebuilding == 0 {
		return nil
	}
	s.health.Unready(health.Rebuilding)
	for !s.rebuiltUpTo(ctx, s.rebuilding) {
		if jet.Sleep(ctx, copyEvery); ctx.Err() != nil {
			return nil
		}
	}
	if err := s.caughtUp(ctx); err != nil {
		return err
	}
	s.cfg.Known.Offer(ctx, s.states)
	s.run.rebuild = 0
	return s.noteRebuilt(ctx)
}

// rebuiltUpTo tells whether the inbound stream was decided so far, by whichever instance.
func (s *session) rebuiltUpTo(ctx context.Context, sequence uint64) bool {
	cons, err := s.js.Consumer(ctx, layout.StreamFHIR, layout.Durable)
	if err != nil {
		return false
	}
	info := cons.CachedInfo()
	// Where the stream ends with what is missing, nothing acknowledges its last sequence.
	return info.AckFloor.Stream >= sequence || info.NumPending == 0 && info.NumAckPending == 0
}

// caughtUp waits until the states that are stored now were read, which others may have written.
func (s *session) caughtUp(ctx context.Context) error {
	for wait := jet.NewBackoff(); ctx.Err() == nil; wait.Sleep(ctx) {
		stream, err := s.js.Stream(ctx, layout.StreamRLS)
		var last *jetstream.RawStreamMsg
		if err == nil {
			last, err = stream.GetLastMsgForSubject(ctx, layout.SubjectState+">")
		}
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			return fmt.Errorf("%w: %s is gone", jet.ErrReplaced, layout.StreamRLS)
		case err != nil:
			s.log.Warn().Err(err).Msg("asking again for the newest state")
			continue
		}
		for s.states.Seen() < last.Sequence && ctx.Err() == nil {
			jet.Sleep(ctx, copyEvery/10)
		}
		return nil
	}
	return nil
}

// noteRebuilt takes Rebuilding out of the record of the site, unless another instance has.
func (s *session) noteRebuilt(ctx context.Context) error {
	have, err := s.states.Site()
	if err == nil && have != nil && have.Rebuilding > 0 {
		done := *have
		done.Rebuilding = 0
		_, err = s.committer.WriteSite(ctx, done, have.Seq)
	}
	if err != nil && ctx.Err() == nil { // the next start finds at once that everything is decided
		s.log.Debug().Err(err).Msg("that the states are made again is not noted")
	}
	return nil
}
