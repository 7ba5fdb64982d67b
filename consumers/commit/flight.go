package commit

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// flight is a batch of inputs whose commit is in flight. A commit takes the server's time more than
// ours, so the next batch is decided meanwhile, on top of this one's outcome. At most one is in
// flight: if its commit is refused or its outcome unknown, whatever was decided on top of it is
// discarded and decided again.
type flight struct {
	events  []Event
	inputs  []fold.Input
	results []fold.Result
	later   []facts.Ref // patients its commit leaves for later
	piece   *piece
	plain   bool // its piece changes patients only, so an overlay covers it
	began   time.Time
	sent    time.Time
	answer  <-chan jet.Written
	written *jet.Written // once it arrived
}

// Decided is a committed batch. What remains, in this order: write dead letters for Results that
// were rejected or read in part, and acknowledge the Events.
type Decided struct {
	Events  []Event
	Results []fold.Result // by index of the event; none for timers
	Began   time.Time     // when deciding it began
}

// Begin decides about a batch and sends what that changes. It returns what is now committed: the
// previous batch, and timers. What it returns beside an error is committed too; anything else is
// not acknowledged: it comes again, finds what was committed, and changes nothing more.
func (c *Committer) Begin(ctx context.Context, batch []Event) (decided []Decided, err error) {
	inputs, due := sorted(batch)
	if len(inputs) > 0 {
		if decided, err = c.launch(ctx, inputs); err != nil {
			return decided, err
		}
	}
	if len(due) == 0 {
		return decided, nil
	}
	last, err := c.Finish(ctx)
	if decided = append(decided, last...); err != nil {
		return decided, err
	}
	began := c.now()
	if err := c.timersFired(ctx, due); err != nil {
		return decided, err
	}
	return append(decided, Decided{Events: due, Began: began}), nil
}

func (c *Committer) launch(ctx context.Context, events []Event) (decided []Decided, err error) {
	if c.flight != nil && !c.flight.plain {
		if decided, err = c.Finish(ctx); err != nil {
			return decided, err
		}
	}
	f, many := c.makeReady(events)
	switch {
	case f == nil && many:
		more, err := c.apart(ctx, events)
		return append(decided, more...), err
	case f == nil:
		more, err := c.oneByOne(ctx, events)
		return append(decided, more...), err
	}
	before := c.flight
	c.flight = nil
	if before != nil {
		asSent, err := c.land(ctx, before)
		if err != nil {
			return decided, err
		}
		decided = append(decided, c.settle(before)...)
		if !asSent {
			more, err := c.launch(ctx, events)
			return append(decided, more...), err
		}
	}
	f.sent = c.now()
	f.answer = c.store.send(ctx, f.piece)
	c.flight = f
	return decided, nil
}

// makeReady decides about events on top of what is stored and in flight; nil if that takes more
// than one batch of messages, or something is wrong: then it must be done step by step. many
// reports that it concerns more patients than are decided at once.
func (c *Committer) makeReady(events []Event) (ready *flight, many bool) {
	f := &flight{events: events, inputs: inputsOf(events), began: c.now()}
	var over *overlay
	if c.flight != nil {
		over = newOverlay(c.flight.piece)
	}
	view := c.copy.snapshotOver(over)
	commit, err := safely(view, func(s *snapshot) (commit fold.Commit) {
		commit, f.results = c.engine.Step(s, f.inputs, c.asOf())
		return commit
	})
	if err != nil || len(commit.Later) > 0 && len(events) > 1 {
		return nil, err == nil
	}
	pieces, err := c.store.pieces(&commit, view, c.now())
	if err != nil || len(pieces) != 1 {
		return nil, false
	}
	f.later = commit.Later
	f.piece, f.plain = pieces[0], len(commit.Medications)+len(commit.Gone) == 0
	return f, false
}

// apart first decides inputs that concern only the patients they name, then halves of the rest: in
// the end an input that concerns many is alone, and nothing else waits for all of them.
func (c *Committer) apart(ctx context.Context, events []Event) ([]Decided, error) {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.shared(), b.shared()) })
	mid, _ := slices.BinarySearchFunc(
		events,
		1,
		func(ev Event, shared int) int { return cmp.Compare(ev.shared(), shared) },
	)
	if mid == 0 || mid == len(events) {
		mid = len(events) / 2
	}
	decided, err := c.launch(ctx, events[:mid])
	if err != nil {
		return decided, err
	}
	more, err := c.launch(ctx, events[mid:])
	return append(decided, more...), err
}

// oneByOne decides about events and commits with nothing else in flight.
func (c *Committer) oneByOne(ctx context.Context, events []Event) ([]Decided, error) {
	decided, err := c.Finish(ctx)
	if err != nil {
		return decided, err
	}
	f := &flight{events: events, inputs: inputsOf(events), began: c.now()}
	if f.results, err = c.foldAndCommit(ctx, f.inputs, nil); err != nil {
		return decided, err
	}
	return append(decided, c.settle(f)...), nil
}

// settle returns a stored batch, or keeps it until the patients it left for later are decided.
func (c *Committer) settle(f *flight) []Decided {
	later := slices.Concat(c.later, f.later)
	if c.later = nil; len(later) == 0 {
		return []Decided{f.decided()}
	}
	c.reach.add(later)
	c.reach.waiting = append(c.reach.waiting, waiting{f.decided(), c.reach.reached + len(c.reach.queue)})
	return nil
}

// Finish waits for the commit in flight, and returns its batch.
func (c *Committer) Finish(ctx context.Context) ([]Decided, error) {
	f := c.flight
	if f == nil {
		return nil, nil
	}
	c.flight = nil
	if _, err := c.land(ctx, f); err != nil {
		return nil, err
	}
	return c.settle(f), nil
}

func (f *flight) decided() Decided {
	return Decided{Events: f.events, Results: f.results, Began: f.began}
}

// InFlight is the number of messages of the commit in flight, and whether there is one: it may have
// none.
func (c *Committer) InFlight() (messages int, is bool) {
	if c.flight == nil {
		return 0, false
	}
	return c.flight.piece.size(), true
}

// Pending delivers the answer to the commit in flight, for Answer; nothing comes if there is none.
func (c *Committer) Pending() <-chan jet.Written {
	if c.flight == nil {
		return nil
	}
	return c.flight.answer
}

// Answer is Finish with an answer taken from Pending.
func (c *Committer) Answer(ctx context.Context, w jet.Written) ([]Decided, error) {
	c.flight.written = &w
	return c.Finish(ctx)
}

// land waits until what f changes is stored. It reports whether that is what was sent; otherwise it
// was decided again.
func (c *Committer) land(ctx context.Context, f *flight) (asSent bool, err error) {
	if f.written == nil {
		w := <-f.answer
		f.written = &w
	}
	if err = c.store.land(f.piece, *f.written); err == nil {
		c.committed(f.piece, f.sent)
		return true, nil
	}
	a := c.newAttempts()
	if err := c.recoverFrom(ctx, a, f.piece, err); err != nil && !errors.Is(err, jet.ErrPoison) {
		return false, err
	}
	f.results, err = c.foldAndCommit(ctx, f.inputs, f.results)
	return false, err
}

// timersFired re-evaluates the patients of fired timers.
func (c *Committer) timersFired(ctx context.Context, due []Event) error {
	tokens := make([]layout.Token, len(due))
	for i, ev := range due {
		tokens[i] = ev.Due
	}
	if err := c.refresh(ctx, tokens); err != nil {
		return err
	}
	return c.reevaluate(ctx, tokens)
}

// sorted separates inputs from fired timers.
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
