package commit

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// arrived is a message among the states, or why there are no more.
type arrived struct {
	subject string
	stored  jet.Stored
	pending uint64 // after it
	none    bool   // nothing arrived: what was still to come has been deleted
	err     error
}

// ofStates is what a consumer of the states is given.
var ofStates = jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectState + ">"}}

// readAhead is how many messages are checked ahead of being taken in.
const readAhead = 256

// Follow reads all states, calls filled once it has them, and keeps following what is written,
// until ctx ends or a state cannot be read.
func (c *WorkingCopy) Follow(ctx context.Context, js jetstream.JetStream, filled func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, pending, err := jet.Read(ctx, js, layout.StreamRLS, ofStates)
	if err != nil {
		return fmt.Errorf("following the states: %w", err)
	}
	c.expect(pending)
	if pending == 0 {
		c.weigh()
		filled()
		filled = nil
	}
	var live atomic.Bool // what this process wrote comes back, and need not be checked
	live.Store(filled == nil)
	coming := make(chan arrived, readAhead)
	go c.receive(ctx, r, coming, &live)
	var decoder codec.Reader
	for a := range coming {
		if ctx.Err() != nil {
			return nil
		}
		if a.err != nil {
			return fmt.Errorf("following the states: %w", a.err)
		}
		if !a.none {
			if _, err := c.takeState(a.subject, a.stored, decoder.Decode); err != nil {
				return err
			}
			c.followed.Store(a.stored.Sequence)
		}
		if a.pending == 0 && filled != nil {
			live.Store(true)
			c.weigh()
			filled()
			filled = nil
		}
	}
	return nil
}

// receive delivers messages in order. At the start it checks signatures in parallel, which takes a
// fraction of the time of taking states in.
func (c *WorkingCopy) receive(ctx context.Context, r *jet.Reading, to chan<- arrived, live *atomic.Bool) {
	defer close(to)
	defer r.Stop()
	for {
		next, filling := r.Follow, !live.Load()
		if filling {
			next = r.Next
		}
		var a arrived
		m, meta, err := next(ctx)
		switch {
		case errors.Is(err, jet.ErrNoneLeft):
			a.none = true
		case err != nil:
			a.err = err
		default:
			a.subject, a.pending = m.Subject(), meta.NumPending
			a.stored = jet.Stored{Sequence: meta.Sequence.Stream, Header: m.Headers(), Data: m.Data()}
			if filling {
				a.stored.Verdict = c.signer.Judge(a.subject, a.stored.Header, a.stored.Data)
			}
		}
		select {
		case to <- a:
		case <-ctx.Done():
			return
		}
		if a.err != nil {
			return
		}
	}
}
