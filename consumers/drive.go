package consumers

import (
	"context"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rs/zerolog"
)

// CommitterOptions are what a Committer works with.
type CommitterOptions struct {
	Engine *Engine
	Store  Store
	AsOf   time.Time     // freezes the as-of time, and there are no timers; zero is Now
	Audit  time.Duration // how long transitions are kept
	Now    func() time.Time
	Sleep  func(context.Context, time.Duration)
	// MaxBatch is the number of messages from which on a commit is cut into several; 0 is what a server takes in one batch.
	MaxBatch int
	// Reject writes dead letters for the results that are Rejected; it gets all results.
	Reject func(context.Context, []Input, []Result) error
	Health *Health
	Log    zerolog.Logger
}

// NewCommitter is one that knows nothing until it has followed what is stored.
func NewCommitter(o CommitterOptions) *Committer {
	c := &Committer{engine: o.Engine, frozen: o.AsOf, asOf: o.Now, now: o.Now, sleep: o.Sleep, copy: newWorkingCopy(o.Engine.Key), health: o.Health, log: o.Log,
		intact: func(context.Context) error { return nil }, done: func([]event) {}}
	if !o.AsOf.IsZero() {
		c.asOf = func() time.Time { return o.AsOf }
	}
	c.copy.ruleset = o.Engine.Ruleset
	c.store = &writer{to: o.Store, copy: c.copy, most: maxBatch, audit: o.Audit, timers: map[token]int64{}, frozen: !o.AsOf.IsZero()}
	if o.MaxBatch > 0 {
		c.store.most = o.MaxBatch
	}
	c.reject = func(ctx context.Context, from []event, results []Result) error {
		inputs := make([]Input, len(from))
		for i := range from {
			inputs[i] = *from[i].input
		}
		return o.Reject(ctx, inputs, results)
	}
	return c
}

// Delivery is a message with what was read from it; without an Input it is a timer that went off.
type Delivery struct {
	Msg   jetstream.Msg
	Input *Input
}

// Deliver decides about what was delivered and sends what that changes. It is acknowledged when the next is delivered, or by Finish, after
// it was committed and dead letters were written. After an error nothing is: it comes again, finds what was committed, and changes nothing
// more.
func (c *Committer) Deliver(ctx context.Context, deliveries []Delivery) error {
	batch := make([]event, len(deliveries))
	for i, d := range deliveries {
		batch[i] = event{msg: d.Msg, input: d.Input}
		if d.Input == nil {
			batch[i].due, _ = parseToken(strings.TrimPrefix(d.Msg.Subject(), subjectDue))
			continue
		}
		batch[i].seq = d.Input.Arrival.Sequence
	}
	return c.begin(ctx, batch)
}

// Follow takes in a message of the store. Its error is a state that cannot be read.
func (c *Committer) Follow(msg jetstream.Msg, sequence uint64) error {
	_, err := c.copy.take(msg.Subject(), sequence, msg.Data(), codec.Decode)
	return err
}

// Settle brings the states to this process's rules, once.
func (c *Committer) Settle(ctx context.Context) error {
	found, err := c.store.to.Last(ctx, []string{subjectSite})
	if err != nil {
		return err
	}
	if found[0].Sequence == 0 {
		return c.settleSite(ctx, nil)
	}
	have, err := parseSite(found[0].Sequence, found[0].Data)
	if err != nil {
		return err
	}
	return c.settleSite(ctx, have)
}

// Look calls do with a View of what is known, as Known does.
func (c *Committer) Look(do func(View) error) error {
	s := c.copy.snapshot()
	if err := do(s); err != nil {
		return err
	}
	return s.err
}
