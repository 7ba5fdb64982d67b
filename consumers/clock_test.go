package consumers

import (
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
)

// putBack is a message that remembers that it was put back.
type putBack struct {
	jetstream.Msg
	after time.Duration
}

func (m *putBack) NakWithDelay(d time.Duration) error { m.after = d; return nil }

// With a clock that is far from the server's nothing changes by time alone, and the consumer says
// so.
func TestClockAstray(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config()) // makes streams and consumers
	s := b.session()
	b.wait("consuming", func() bool { return s.look(t.Context()) == nil })
	stop()
	s.cfg.AsOf = time.Time{}
	due, input := &putBack{}, &putBack{}
	batch := []commit.Event{{Msg: due}, {Msg: input, Input: &fold.Input{}}}
	for _, c := range []struct {
		off    time.Duration
		astray bool
	}{{0, false}, {-time.Hour, true}, {time.Minute, false}, {24 * time.Hour, true}} {
		s.now = func() time.Time { return time.Now().Add(c.off) }
		if err := s.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		due.after = 0
		left := s.withoutTimersIfSkewed(batch)
		if got := slices.Contains(s.health.Reasons(), health.WrongClock); got != c.astray {
			t.Errorf("%v off: unready for the clock is %v", c.off, got)
		}
		if (due.after > 0) != c.astray || (len(left) == 1) != c.astray || left[len(left)-1].Input == nil ||
			input.after > 0 {
			t.Errorf("%v off: %d of 2 events left, the timer put back for %v", c.off, len(left), due.after)
		}
	}
}
