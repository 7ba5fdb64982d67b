package commit

import (
	"context"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// CommitterOptions are what a Committer works with.
type CommitterOptions struct {
	Engine *fold.Engine
	Store  jet.Store
	AsOf   time.Time     // freezes the as-of time, and there are no timers; zero is Now
	Audit  time.Duration // how long transitions are kept
	Now    func() time.Time
	Sleep  func(context.Context, time.Duration)
	// MaxBatch is the number of messages from which on a commit is cut into several; 0 is what a server takes in one batch.
	MaxBatch int
	// Reject writes dead letters for the results that are Rejected; it gets all results.
	Reject func(context.Context, []fold.Input, []fold.Result) error
	Health *health.Health
	Log    zerolog.Logger
}

// NewCommitter is one that knows nothing until it has followed what is stored.
func NewCommitter(o CommitterOptions) *Committer {
	c := &Committer{Engine: o.Engine, Frozen: o.AsOf, asOf: o.Now, Now: o.Now, sleep: o.Sleep, Copy: NewWorkingCopy(o.Engine.Key), Health: o.Health, Log: o.Log,
		Intact: func(context.Context) error { return nil }, Done: func([]Event) {}}
	if !o.AsOf.IsZero() {
		c.asOf = func() time.Time { return o.AsOf }
	}
	c.Copy.ruleset = o.Engine.Ruleset
	c.Store = &writer{To: o.Store, copy: c.Copy, most: jet.MaxBatch, audit: o.Audit, timers: map[layout.Token]int64{}, frozen: !o.AsOf.IsZero()}
	if o.MaxBatch > 0 {
		c.Store.most = o.MaxBatch
	}
	c.Reject = func(ctx context.Context, from []Event, results []fold.Result) error {
		inputs := make([]fold.Input, len(from))
		for i := range from {
			inputs[i] = *from[i].Input
		}
		return o.Reject(ctx, inputs, results)
	}
	return c
}

// Delivery is a message with what was read from it; without an Input it is a timer that went off.
type Delivery struct {
	Msg   jetstream.Msg
	Input *fold.Input
}

// Deliver decides about what was delivered and sends what that changes. It is acknowledged when the next is delivered, or by Finish, after
// it was committed and dead letters were written. After an error nothing is: it comes again, finds what was committed, and changes nothing
// more.
func (c *Committer) Deliver(ctx context.Context, deliveries []Delivery) error {
	batch := make([]Event, len(deliveries))
	for i, d := range deliveries {
		batch[i] = Event{Msg: d.Msg, Input: d.Input}
		if d.Input == nil {
			batch[i].Due, _ = layout.ParseToken(strings.TrimPrefix(d.Msg.Subject(), layout.SubjectDue))
			continue
		}
		batch[i].Seq = d.Input.Arrival.Sequence
	}
	return c.Begin(ctx, batch)
}

// Follow takes in a message of the store. Its error is a state that cannot be read.
func (c *Committer) Follow(msg jetstream.Msg, sequence uint64) error {
	_, err := c.Copy.TakeState(msg.Subject(), sequence, msg.Data(), codec.Decode)
	return err
}

// Settle brings the states to this process's rules, once.
func (c *Committer) ApplyStoredRules(ctx context.Context) error {
	found, err := c.Store.To.Last(ctx, []string{layout.SubjectSite})
	if err != nil {
		return err
	}
	if found[0].Sequence == 0 {
		return c.ApplyRules(ctx, nil)
	}
	have, err := layout.ParseSite(found[0].Sequence, found[0].Data)
	if err != nil {
		return err
	}
	return c.ApplyRules(ctx, have)
}

// Look calls do with a View of what is known, as Known does.
func (c *Committer) Look(do func(fold.View) error) error {
	s := c.Copy.Snapshot()
	if err := do(s); err != nil {
		return err
	}
	return s.err
}
