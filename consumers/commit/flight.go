package commit

import (
	"context"
	"errors"
	"time"

	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// flight is a batch of inputs whose commit is on its way. A commit costs the server's time more than ours, so the next batch is decided
// meanwhile, over what this one will have stored. At most one is on its way: where its commit is refused, or nobody knows what became of
// it, what was decided over it is thrown away and decided again.
type Flight struct {
	events  []Event
	inputs  []fold.Input
	results []fold.Result
	Piece   *Piece
	plain   bool // its piece changes patients only, so that an overlay says all of it
	began   time.Time
	sent    time.Time
	Answer  <-chan jet.Written
	Written *jet.Written // once it came
}

// begin decides about a batch and sends what that changes; the batch before it is acknowledged then. After an error neither is: they
// come again, find what was committed, and change nothing more.
func (c *Committer) Begin(ctx context.Context, batch []Event) error {
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
	return c.timersFired(ctx, due)
}

func (c *Committer) launch(ctx context.Context, events []Event) error {
	if c.Flight != nil && !c.Flight.plain {
		if err := c.Finish(ctx); err != nil {
			return err
		}
	}
	f, many := c.makeReady(events)
	switch {
	case f == nil && many && len(events) > 1:
		return c.apart(ctx, events)
	case f == nil:
		return c.oneByOne(ctx, events)
	}
	before := c.Flight
	c.Flight = nil
	if before != nil {
		asSent, err := c.land(ctx, before)
		if err != nil {
			return err
		}
		if !asSent {
			if err := c.settle(ctx, before); err != nil {
				return err
			}
			return c.launch(ctx, events)
		}
	}
	f.sent = c.Now()
	f.Answer = c.Store.send(ctx, f.Piece)
	c.Flight = f
	if before == nil {
		return nil
	}
	return c.conclude(ctx, before)
}

// makeReady decides about events over what is stored and what is on its way; nil where that takes more than one batch of messages, or
// something is wrong: then it has to be done step by step. many tells that it concerns more patients than are decided at once.
func (c *Committer) makeReady(events []Event) (ready *Flight, many bool) {
	f := &Flight{events: events, inputs: inputsOf(events), began: c.Now()}
	var over *overlay
	if c.Flight != nil {
		over = newOverlay(c.Flight.Piece)
	}
	view := c.Copy.snapshotOver(over)
	commit, err := safely(view, func(s *snapshot) (commit fold.Commit) {
		commit, f.results = c.Engine.Step(s, f.inputs, c.asOf())
		return commit
	})
	if err != nil || len(commit.Later) > 0 {
		return nil, len(commit.Later) > 0
	}
	pieces, err := c.Store.pieces(&commit, view, c.Now())
	if err != nil || len(pieces) != 1 {
		return nil, false
	}
	f.Piece, f.plain = pieces[0], len(commit.Medications)+len(commit.Gone) == 0
	return f, false
}

// apart decides about two halves, so that what concerns many patients is alone in the end and nothing else waits until all are decided.
func (c *Committer) apart(ctx context.Context, events []Event) error {
	mid := len(events) / 2
	if err := c.launch(ctx, events[:mid]); err != nil {
		return err
	}
	return c.launch(ctx, events[mid:])
}

// oneByOne decides about events and commits with nothing else on its way.
func (c *Committer) oneByOne(ctx context.Context, events []Event) error {
	if err := c.Finish(ctx); err != nil {
		return err
	}
	f := &Flight{events: events, inputs: inputsOf(events), began: c.Now()}
	var err error
	if f.results, err = c.FoldAndCommit(ctx, f.inputs, nil); err != nil {
		return err
	}
	return c.settle(ctx, f)
}

// settle concludes a batch that was stored, at once or when those are decided whom it has left for later.
func (c *Committer) settle(ctx context.Context, f *Flight) error {
	if len(c.later) == 0 {
		return c.conclude(ctx, f)
	}
	c.reach.add(c.later)
	c.later = nil
	c.reach.waiting = append(c.reach.waiting, waiting{f, c.reach.reached + len(c.reach.queue)})
	return nil
}

// finish waits for the commit that is on its way, and acknowledges its batch.
func (c *Committer) Finish(ctx context.Context) error {
	f := c.Flight
	if f == nil {
		return nil
	}
	c.Flight = nil
	if _, err := c.land(ctx, f); err != nil {
		return err
	}
	return c.settle(ctx, f)
}

// land waits until what f changes is stored. It tells whether that is what was sent: otherwise it was decided again.
func (c *Committer) land(ctx context.Context, f *Flight) (asSent bool, err error) {
	if f.Written == nil {
		w := <-f.Answer
		f.Written = &w
	}
	if err = c.Store.land(f.Piece, *f.Written); err == nil {
		c.committed(f.Piece, f.sent)
		return true, nil
	}
	a := newAttempts()
	if err := c.recoverFrom(ctx, a, f.Piece, err); err != nil && !errors.Is(err, jet.ErrPoison) {
		return false, err
	}
	f.results, err = c.FoldAndCommit(ctx, f.inputs, f.results)
	return false, err
}

// conclude writes dead letters, counts outcomes and acknowledges, in this order.
func (c *Committer) conclude(ctx context.Context, f *Flight) error {
	if err := c.Reject(ctx, f.events, f.results); err != nil {
		return err
	}
	c.Health.Batch(len(f.inputs), c.Now().Sub(f.began), f.results)
	for i := range f.events {
		c.Health.Decided(f.events[i].Stored, c.Now())
	}
	c.acknowledge(f.events)
	return nil
}

// goneOff decides again about the patients of timers that went off.
func (c *Committer) timersFired(ctx context.Context, due []Event) error {
	tokens := make([]layout.Token, len(due))
	for i, ev := range due {
		tokens[i] = ev.Due
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

func (c *Committer) acknowledge(events []Event) {
	c.Done(events)
	for _, ev := range events {
		if err := ev.Msg.Ack(); err != nil {
			c.Log.Warn().Err(err).Uint64("sequence", ev.Seq).Msg("acknowledgement failed, the input will come again")
		}
	}
}

// sorted tells inputs from timers that went off.
func sorted(batch []Event) (inputs, due []Event) {
	for _, ev := range batch {
		if ev.Input == nil {
			due = append(due, ev)
		} else {
			inputs = append(inputs, ev)
		}
	}
	return inputs, due
}

func inputsOf(events []Event) []fold.Input {
	inputs := make([]fold.Input, len(events))
	for i, ev := range events {
		inputs[i] = *ev.Input
	}
	return inputs
}
