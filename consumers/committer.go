package consumers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/fhir"
)

// Committer decides about events and commits what they change, until what it decided on is what is stored. It is the part of Serve
// that knows neither a connection nor a clock nor a goroutine. It is not for concurrent use.
type Committer struct {
	engine *Engine
	asOf   func() time.Time // the time that is decided for
	now    func() time.Time
	frozen time.Time // as-of time; zero when it is now
	sleep  func(context.Context, time.Duration)
	copy   *workingCopy
	store  *writer
	health *Health
	log    zerolog.Logger
	intact func(context.Context) error                    // whether what is in memory is still what is stored
	reject func(context.Context, []event, []Result) error // writes dead letters
}

// batch commits what a batch of events changes, and acknowledges them. After an error none is: they come again, find what
// was committed, and change nothing more.
func (c *Committer) batch(ctx context.Context, batch []event) error {
	var inputs []Input
	var from []event
	var due []token
	for _, ev := range batch {
		if ev.input == nil {
			due = append(due, ev.due)
			continue
		}
		inputs, from = append(inputs, *ev.input), append(from, ev)
	}
	if len(inputs) > 0 {
		began := time.Now()
		results, err := c.decide(ctx, inputs)
		if err != nil {
			return err
		}
		if err := c.reject(ctx, from, results); err != nil {
			return err
		}
		c.health.batch(len(inputs), time.Since(began), results)
	}
	if err := c.refresh(ctx, due); err != nil {
		return err
	}
	if err := c.reevaluate(ctx, due); err != nil {
		return err
	}
	for _, ev := range batch {
		if err := ev.msg.Ack(); err != nil {
			c.log.Warn().Err(err).Uint64("sequence", ev.seq).Msg("acknowledgement failed, the input will come again")
		}
	}
	return nil
}

// decide folds inputs, commits, and heals whom a changed Medication left for later.
func (c *Committer) decide(ctx context.Context, inputs []Input) ([]Result, error) {
	var results []Result
	var later []checks.Ref
	err := c.commit(ctx, func(view *snapshot) Commit {
		commit, r := c.engine.Step(view, inputs, c.asOf())
		if results == nil { // what a second attempt finds known was news
			results = r
		}
		later = append(later, commit.Later...)
		return commit
	})
	switch {
	case errors.Is(err, ErrPoison) && len(inputs) == 1:
		c.log.Error().Err(err).Uint64("sequence", inputs[0].Arrival.Sequence).Msg("input cannot be committed")
		return rejectAll(inputs), nil
	case errors.Is(err, ErrConflict) && len(inputs) == 1:
		return c.decide(ctx, inputs)
	case errors.Is(err, ErrPoison), errors.Is(err, ErrConflict):
		return c.halve(ctx, inputs)
	case err != nil:
		return nil, err
	}
	for len(later) > 0 {
		n := min(chunk, len(later))
		if err := c.healPatients(ctx, later[:n]); err != nil {
			return nil, err
		}
		later = later[n:]
	}
	return results, nil
}

// halve decides about two halves: conflicts get rarer, and an input that cannot be committed is found.
func (c *Committer) halve(ctx context.Context, inputs []Input) ([]Result, error) {
	mid := (len(inputs) + 1) / 2
	first, err := c.decide(ctx, inputs[:mid])
	if err != nil || mid == len(inputs) {
		return first, err
	}
	second, err := c.decide(ctx, inputs[mid:])
	for i := range second {
		second[i].Input += mid
	}
	return append(first, second...), err
}

// rejectAll rejects inputs whose changes no message can hold.
func rejectAll(inputs []Input) []Result {
	var results []Result
	for i := range inputs {
		results = append(results, Result{Input: i, Outcome: Rejected, Reason: fhir.TooLarge, Detail: "what it changes does not fit into the state of its patient"})
	}
	return results
}

// commit steps and writes until what the step saw is still so when it is written.
func (c *Committer) commit(ctx context.Context, step func(*snapshot) Commit) error {
	wait := newBackoff()
	for refused := 0; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		view := c.copy.snapshot()
		commit, err := safely(view, step)
		if err != nil {
			return err
		}
		p, err := c.write(ctx, &commit, view)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrConflict):
			c.health.conflict()
			if refused++; refused > 2 {
				return err
			}
		case errors.Is(err, ErrUnknown):
			c.log.Warn().Err(err).Msg("commit without an answer, reading back")
			c.health.writing(false)
			c.sleep(ctx, wait.step())
		default:
			return err
		}
		if err := c.readBack(ctx, p, wait); err != nil {
			return err
		}
	}
}

// safely runs a step. A panic in it is an input that nobody foresaw: it must not stop the others.
func safely(view *snapshot, step func(*snapshot) Commit) (c Commit, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: evaluation failed: %T", ErrPoison, p) // the value may hold a payload
		}
	}()
	c = step(view)
	if view.err != nil {
		return c, fmt.Errorf("%w: %w", errState, view.err)
	}
	return c, nil
}

// write commits piece by piece; the piece that failed comes back with the error.
func (c *Committer) write(ctx context.Context, commit *Commit, view *snapshot) (*piece, error) {
	pieces, err := c.store.pieces(commit, view, c.now())
	if err != nil {
		return nil, err
	}
	for _, p := range pieces {
		began := time.Now()
		if err := c.store.commit(ctx, p); err != nil {
			return p, err
		}
		if p.size() > 0 {
			c.health.committed(p.size(), time.Since(began))
		}
	}
	return nil, nil
}

// readBack learns what is stored, however long the server is away.
func (c *Committer) readBack(ctx context.Context, p *piece, wait *backoff) error {
	for {
		err := c.intact(ctx)
		if err == nil {
			err = c.store.readBack(ctx, p)
		}
		switch {
		case err == nil:
			c.health.writing(true)
			return nil
		case errors.Is(err, errReplaced), errors.Is(err, errState), ctx.Err() != nil:
			return err
		}
		c.log.Warn().Err(err).Msg("reading back failed, trying again")
		c.sleep(ctx, wait.step())
	}
}

// step is the time to wait now.
func (b *backoff) step() time.Duration {
	d := b.next
	b.next = min(2*b.next, 5*time.Second)
	return d
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
