package jet

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
)

// step is the time to wait now.
func (b *Backoff) Step() time.Duration {
	d := b.next
	b.next = min(2*b.next, 5*time.Second)
	return d
}

// sleep waits for d, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// silent tells that a server did not answer, rather than that it does not have what was asked for.
func Silent(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.Canceled)
}

// backoff waits longer each time, up to 5 s.
type Backoff struct{ next time.Duration }

func NewBackoff() *Backoff { return &Backoff{100 * time.Millisecond} }

func (b *Backoff) Sleep(ctx context.Context) {
	t := time.NewTimer(b.next)
	defer t.Stop()
	b.next = min(2*b.next, 5*time.Second)
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
