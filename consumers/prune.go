package consumers

import (
	"context"
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/consumers/audit"
)

// Tests have less patience.
var (
	// pruneEvery is how often the active instance looks for entries of RLS that RLS_AUDIT holds.
	pruneEvery = 10 * time.Second
	// passedOverFor is how long the server may go on without an entry before it is told to copy again. It
	// looks whether RLS was made anew every few seconds by itself.
	passedOverFor = time.Minute
)

// pruning is how a session takes out of RLS what RLS_AUDIT holds, and RLS_FLAGS shows.
type pruning struct {
	of    *audit.Pruner
	next  time.Time
	first uint64    // entry that is passed over; 0 when none is
	since time.Time // when that was first seen
	told  bool      // that it does not work

	leaving leaving
}

// pruneAudit does that where it is for this instance to do. What does not work is told once, and
// tried again: RLS grows meanwhile, and nothing is lost.
func (s *session) pruneAudit(ctx context.Context, answers bool) {
	p := &s.pruning
	if !answers || time.Now().Before(p.next) {
		return
	}
	p.next = time.Now().Add(pruneEvery)
	r, err := s.pruneRound(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil && !p.told:
		p.told = true
		s.log.Warn().Err(err).Msg("transitions stay in stream RLS, which grows, until this works")
	case err == nil && p.told:
		p.told = false
		s.log.Info().Msg("transitions leave stream RLS again")
	}
	if r.More {
		p.next = time.Time{}
	}
}

// pruneRound prunes once.
func (s *session) pruneRound(ctx context.Context) (audit.Round, error) {
	r, err := s.pruning.of.Round(ctx)
	if err != nil {
		return r, err
	}
	if err := s.passedOver(ctx, r); err != nil {
		return r, err
	}
	more, err := s.leaveRLS(ctx, r.First)
	if r.More = r.More || more; err != nil {
		return r, err
	}
	return r, s.renewTimers(ctx)
}

// passedOver lets the server copy again what it has gone on without for a while.
func (s *session) passedOver(ctx context.Context, r audit.Round) error {
	p := &s.pruning
	switch {
	case !r.PassedOver:
		p.first = 0
		return nil
	case p.first != r.First:
		p.first, p.since = r.First, time.Now()
		return nil
	case time.Since(p.since) < passedOverFor:
		return nil
	}
	s.log.Error().Uint64("sequence", r.First).Msg("stream RLS_AUDIT went on without this entry of RLS: copying again")
	p.since = time.Now()
	if err := p.of.CopyAgain(ctx); err != nil {
		return fmt.Errorf("rlsguard setup lets it be copied again, this user may not: %w", err)
	}
	return nil
}
