package jet

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
)

// Sleep waits for d, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Silent tells that a server did not answer, rather than that it does not have what was asked for.
func Silent(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) ||
		errors.Is(err, context.Canceled)
}

// Backoff waits longer each time, from 100 ms up to 5 s.
type Backoff struct {
	// By waits, instead of Sleep; for those who know no clock.
	By   func(context.Context, time.Duration)
	next time.Duration
}

// NewBackoff is one that waits by the clock.
func NewBackoff() *Backoff { return &Backoff{By: Sleep} }

// Sleep waits, or until ctx ends.
func (b *Backoff) Sleep(ctx context.Context) {
	b.next = min(max(2*b.next, 100*time.Millisecond), 5*time.Second)
	b.By(ctx, b.next)
}
