package consumers

import (
	"context"
	"errors"
	"time"
)

// flight is a batch of inputs whose commit is on its way. A commit costs the server's time more than ours, so the next batch is decided
// meanwhile, over what this one will have stored. At most one is on its way: where its commit is refused, or nobody knows what became of
// it, what was decided over it is thrown away and decided again.
type flight struct {
	events  []event
	inputs  []Input
	results []Result
	piece   *piece
	plain   bool // its piece changes patients only, so that an overlay says all of it
	began   time.Time
	sent    time.Time
	answer  <-chan Written
	written *Written // once it came
}

// begin decides about a batch and sends what that changes; the batch before it is acknowledged then. After an error neither is: they
// come again, find what was committed, and change nothing more.
func (c *Committer) begin(ctx context.Context, batch []event) error {
	inputs, due := sorted(batch)
	if len(inputs) > 0 {
		if err := c.launch(ctx, inputs); err != nil {
			return err
		}
	}
	if len(due) == 0 {
		return nil
	}
	if err := c.Finish(ctx); err != nil {
		return err
	}
	return c.goneOff(ctx, due)
}

func (c *Committer) launch(ctx context.Context, events []event) error {
	if c.flight != nil && !c.flight.plain {
		if err := c.Finish(ctx); err != nil {
			return err
		}
	}
	f := c.makeReady(events)
	if f == nil {
		return c.oneByOne(ctx, events)
	}
	before := c.flight
	c.flight = nil
	if before != nil {
		asSent, err := c.land(ctx, before)
		if err != nil {
			return err
		}
		if !asSent {
			if err := c.conclude(ctx, before); err != nil {
				return err
			}
			return c.launch(ctx, events)
		}
	}
	f.sent = c.now()
	f.answer = c.store.send(ctx, f.piece)
	c.flight = f
	if before == nil {
		return nil
	}
	return c.conclude(ctx, before)
}

// makeReady decides about events over what is stored and what is on its way; nil where that takes more than one batch of messages, or
// something is wrong: then it has to be done step by step.
func (c *Committer) makeReady(events []event) *flight {
	f := &flight{events: events, inputs: inputsOf(events), began: c.now()}
	var over *overlay
	if c.flight != nil {
		over = newOverlay(c.flight.piece)
	}
	view := c.copy.snapshotOver(over)
	commit, err := safely(view, func(s *snapshot) (commit Commit) {
		commit, f.results = c.engine.Step(s, f.inputs, c.asOf())
		return commit
	})
	if err != nil || len(commit.Later) > 0 {
		return nil
	}
	pieces, err := c.store.pieces(&commit, view, c.now())
	if err != nil || len(pieces) != 1 {
		return nil
	}
	f.piece, f.plain = pieces[0], len(commit.Medications)+len(commit.Gone) == 0
	return f
}

// oneByOne decides about events and commits with nothing else on its way.
func (c *Committer) oneByOne(ctx context.Context, events []event) error {
	if err := c.Finish(ctx); err != nil {
		return err
	}
	f := &flight{events: events, inputs: inputsOf(events), began: c.now()}
	var err error
	if f.results, err = c.decide(ctx, f.inputs, nil); err != nil {
		return err
	}
	return c.conclude(ctx, f)
}

// finish waits for the commit that is on its way, and acknowledges its batch.
func (c *Committer) Finish(ctx context.Context) error {
	f := c.flight
	if f == nil {
		return nil
	}
	c.flight = nil
	if _, err := c.land(ctx, f); err != nil {
		return err
	}
	return c.conclude(ctx, f)
}

// land waits until what f changes is stored. It tells whether that is what was sent: otherwise it was decided again.
func (c *Committer) land(ctx context.Context, f *flight) (asSent bool, err error) {
	if f.written == nil {
		w := <-f.answer
		f.written = &w
	}
	if err = c.store.land(f.piece, *f.written); err == nil {
		c.committed(f.piece, f.sent)
		return true, nil
	}
	a := newAttempts()
	if err := c.again(ctx, a, f.piece, err); err != nil && !errors.Is(err, ErrPoison) {
		return false, err
	}
	f.results, err = c.decide(ctx, f.inputs, f.results)
	return false, err
}

// conclude writes dead letters, counts outcomes and acknowledges, in this order.
func (c *Committer) conclude(ctx context.Context, f *flight) error {
	if err := c.reject(ctx, f.events, f.results); err != nil {
		return err
	}
	c.health.batch(len(f.inputs), c.now().Sub(f.began), f.results)
	for i := range f.events {
		c.health.decided(f.events[i].stored, c.now())
	}
	c.acknowledge(f.events)
	return nil
}

// goneOff decides again about the patients of timers that went off.
func (c *Committer) goneOff(ctx context.Context, due []event) error {
	tokens := make([]token, len(due))
	for i, ev := range due {
		tokens[i] = ev.due
	}
	if err := c.refresh(ctx, tokens); err != nil {
		return err
	}
	if err := c.reevaluate(ctx, tokens); err != nil {
		return err
	}
	c.acknowledge(due)
	return nil
}

func (c *Committer) acknowledge(events []event) {
	c.done(events)
	for _, ev := range events {
		if err := ev.msg.Ack(); err != nil {
			c.log.Warn().Err(err).Uint64("sequence", ev.seq).Msg("acknowledgement failed, the input will come again")
		}
	}
}

// sorted tells inputs from timers that went off.
func sorted(batch []event) (inputs, due []event) {
	for _, ev := range batch {
		if ev.input == nil {
			due = append(due, ev)
		} else {
			inputs = append(inputs, ev)
		}
	}
	return inputs, due
}

func inputsOf(events []event) []Input {
	inputs := make([]Input, len(events))
	for i, ev := range events {
		inputs[i] = *ev.input
	}
	return inputs
}
