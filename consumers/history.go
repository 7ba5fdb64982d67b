package consumers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// checkHistory keeps a site whose states were deleted from going on with nothing: what was
// acknowledged would never come again. When the inbound stream still holds everything the durable
// consumer starts over, else this is for a human. Whoever comes a moment later finds no consumer or
// a new one, and has to wait for the same.
func (s *session) checkHistory(ctx context.Context) error {
	stream, err := s.js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	state := stream.CachedInfo().State
	s.run.rebuild = max(s.run.rebuild, state.LastSeq)
	cons, err := s.js.Consumer(ctx, layout.StreamFHIR, layout.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("consumer %s: %w", layout.Durable, err)
	}
	if cons.CachedInfo().AckFloor.Stream == 0 {
		return nil
	}
	if !whole(state) {
		return fmt.Errorf(
			"%w: sequence 1 of stream %s is not there any more, the first one left is %d",
			layout.ErrHistoryGone,
			layout.StreamFHIR,
			state.FirstSeq,
		)
	}
	s.log.Warn().Uint64(
		"messages",
		state.Msgs,
	).Msg(
		"the stored states are gone: rebuilding them from the inbound stream",
	)
	// it shows what nobody may resolve; it is compared once more before we are ready
	if err := s.remakeCopy(ctx, time.Unix(0, s.flagsMade.Load())); err != nil {
		s.log.Warn().Err(err).Msg("the copy of the flags is still the old one")
	}
	if err := s.js.DeleteConsumer(ctx, layout.StreamFHIR, layout.Durable); err != nil {
		return fmt.Errorf("consumer %s: %w", layout.Durable, err)
	}
	return nil
}

// whole tells whether a stream holds all that ever came.
func whole(state jetstream.StreamState) bool { return state.FirstSeq <= 1 && state.NumDeleted == 0 }
