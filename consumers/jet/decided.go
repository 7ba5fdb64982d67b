package jet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// WaitOptions are how whoever waits for decisions hears of them. All of it may be left out.
type WaitOptions struct {
	Left func(messages uint64) // how many are still to be decided
	// once, when nothing has been decided for a while and nobody takes messages; the waiting goes
	// on
	Nobody   func()
	Patience time.Duration // of that while; 0 is longer than an instance needs to take over from one that died
}

// patience is more than pinnedTTL.
const patience = 6 * time.Second

// WaitDecided returns when the inbound stream has been decided up to a sequence.
func WaitDecided(ctx context.Context, js jetstream.JetStream, last uint64, w WaitOptions) error {
	if w.Patience == 0 {
		w.Patience = patience
	}
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	before, moved := uint64(0), time.Now()
	for {
		floor, served, err := DecidedUpTo(ctx, js)
		if err != nil {
			return err
		}
		if w.Left != nil {
			w.Left(last - min(last, floor))
		}
		if floor >= last {
			return nil
		}
		if served || floor > before {
			before, moved = floor, time.Now()
		}
		if w.Nobody != nil && time.Since(moved) > w.Patience {
			w.Nobody()
			w.Nobody = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
}

// DecidedUpTo is the inbound sequence up to which everything has been decided, and whether somebody
// takes what comes after it.
func DecidedUpTo(ctx context.Context, js jetstream.JetStream) (floor uint64, served bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	c, err := js.Consumer(ctx, layout.StreamFHIR, layout.Durable)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound),
		errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, nats.ErrTimeout):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("consumer %s: %w", layout.Durable, err)
	}
	info := c.CachedInfo()
	served = info.NumWaiting > 0
	for _, g := range info.PriorityGroups {
		served = served || g.PinnedClientID != ""
	}
	return info.AckFloor.Stream, served, nil
}
