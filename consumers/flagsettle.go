package consumers

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// waitCopySettled returns when dashboards read in RLS_FLAGS what was committed. What RLS_FLAGS will
// not become by waiting is stored again. Where that does not help it is made again as a whole: the
// server copies what comes after the last sequence that it has copied, so a RLS that lost its end
// or began anew leaves flags in it that nobody resolves any more, or is not copied at all.
func (s *session) waitCopySettled(ctx context.Context) error {
	settling := settling{s: s, upTo: s.lastCommitted(ctx), moved: time.Now()}
	for wait := jet.NewBackoff(); ctx.Err() == nil; {
		now, err := s.compareCopy(ctx, settling.upTo)
		if err == nil && now.complete() && (!now.begun || settling.refilled) {
			return nil
		}
		if err == nil {
			err = settling.mend(ctx, &now)
		}
		if errors.Is(err, errRestored) {
			return err
		}
		if err != nil {
			s.log.Warn().Err(err).Msg("comparing the copy of the flags again")
			wait.Sleep(ctx)
			continue
		}
		jet.Sleep(ctx, copyEvery)
	}
	return nil
}

// lastCommitted is the sequence of the newest transition that RLS shows.
func (s *session) lastCommitted(ctx context.Context) uint64 {
	if m := jet.LastOf(ctx, s.js, layout.StreamRLS, layout.SubjectCommitFlags+">"); m != nil {
		return m.Sequence
	}
	return math.MaxUint64
}

// settling is one waitCopySettled.
type settling struct {
	s      *session
	upTo   uint64
	before copyState
	moved  time.Time // when RLS_FLAGS last changed
	stored int       // how often something was stored again since RLS_FLAGS was made
	// refilled: what the audit has was stored again. What lacks then cannot be.
	refilled bool
}

// mostStored is how often flags are stored again before RLS_FLAGS is made again.
const mostStored = 2

// mend does what has to be done about what one look found.
func (w *settling) mend(ctx context.Context, now *copyState) error {
	same := now.made.Equal(w.before.made)
	if now.top != w.before.top || now.count != w.before.count || !same {
		w.moved = time.Now()
	}
	// What looks wrong once may be in the middle of being erased.
	both := intersection(w.before.wrong, now.wrong)
	persists := same && (len(both) > 0 || w.before.begun && now.begun && !w.refilled)
	stalled := time.Since(w.moved) > copyStall
	w.before = *now
	switch {
	case persists && w.stored < mostStored:
		w.stored++
		return w.storeAgain(ctx, now, both)
	case persists || stalled:
		return w.remake(ctx, now)
	}
	return nil
}

// storeAgain stores flags again that RLS_FLAGS shows otherwise than they are, or not.
func (w *settling) storeAgain(ctx context.Context, now *copyState, wrong []string) error {
	s := w.s
	s.log.Error().Int("wrong", len(wrong)).Bool("begun_anew", now.begun).
		Msg("stream RLS_FLAGS does not show what was committed: storing that again from the audit")
	defer func() { w.before, w.upTo, w.moved = copyState{}, s.lastCommitted(ctx), time.Now() }()
	if now.begun || len(wrong) > mostSingly {
		w.refilled = true
		return s.refill(ctx)
	}
	for _, id := range wrong {
		if err := s.restoreFlag(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// mostSingly is how many flags are looked for in the audit each for itself.
const mostSingly = 50

// remake makes RLS_FLAGS again.
func (w *settling) remake(ctx context.Context, now *copyState) error {
	s := w.s
	s.log.Error().Int("wrong", len(now.wrong)).Int("missing", now.behind).
		Msg("stream RLS_FLAGS does not become what was committed: making it again")
	w.moved = time.Now()
	if err := s.remakeCopy(ctx, now.made); err != nil {
		s.log.Error().Err(err).
			Msg("stream RLS_FLAGS cannot be made again: a user who may has to delete it and run rlsguard setup")
		return err
	}
	w.stored, w.before, w.refilled = 0, copyState{}, true
	if err := s.refill(ctx); err != nil {
		return err
	}
	w.upTo = s.lastCommitted(ctx)
	return nil
}

// intersection are those that are in both.
func intersection(a, b map[string]struct{}) (both []string) {
	for id := range a {
		if _, ok := b[id]; ok {
			both = append(both, id)
		}
	}
	slices.Sort(both)
	return both
}

// remakeCopy makes RLS_FLAGS again, unless another instance has done so.
func (s *session) remakeCopy(ctx context.Context, made time.Time) error {
	if now, err := s.streamCreated(ctx, layout.StreamFlags); err != nil || !now.Equal(made) {
		return err
	}
	s.flagsMade.Store(0) // the session is the one that replaces it
	if err := s.js.DeleteStream(ctx, layout.StreamFlags); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
	}
	if err := jet.MakeStreams(ctx, s.js, s.cfg.Replicas); err != nil {
		return err
	}
	now, err := s.streamCreated(ctx, layout.StreamFlags)
	if err == nil {
		s.flagsMade.Store(now.UnixNano())
	}
	return err
}
