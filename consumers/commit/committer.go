package commit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir"
)

// Committer decides about events and commits what they change, until what it decided on is what is
// stored. It is the part of Serve without connection, clock and goroutine. It is not safe for
// concurrent use.
type Committer struct {
	engine *fold.Engine
	asOf   func() time.Time // time to decide for
	now    func() time.Time
	frozen time.Time // as-of time; zero means now
	sleep  func(context.Context, time.Duration)
	copy   *WorkingCopy
	store  *writer
	health Health
	log    zerolog.Logger
	intact func(context.Context) error // whether memory still matches what is stored
	flight *flight                     // in flight; nil if nothing is
	reach  reach
	later  []facts.Ref // patients the current batch's commit has left for later
	// rebuilding is how far the inbound stream reached when lost states began to be rebuilt from
	// it; 0 if none are.
	rebuilding uint64
	ruled      bool // everyone was decided under this process's rules
}

// foldAndCommit folds inputs, commits, and notes whom that has left for later. results carries the
// outcomes of an earlier attempt, if any: on a retry those resources would already count as known.
func (c *Committer) foldAndCommit(
	ctx context.Context,
	inputs []fold.Input,
	results []fold.Result,
) ([]fold.Result, error) {
	var later []facts.Ref
	for {
		err := c.commit(ctx, func(view *snapshot) fold.Commit {
			commit, r := c.engine.Step(view, inputs, c.asOf())
			if results == nil {
				results = r
			}
			later = append(later, commit.Later...)
			return commit
		})
		switch {
		case err == nil:
			c.later = append(c.later, later...)
			return results, nil
		case !errors.Is(err, jet.ErrConflict) && !errors.Is(err, jet.ErrPoison):
			return nil, err
		case len(inputs) > 1:
			return c.halve(ctx, inputs, results)
		case errors.Is(err, jet.ErrPoison):
			c.log.Error().Err(err).Uint64("sequence", inputs[0].Arrival.Sequence).Msg("input cannot be committed")
			return rejectAll(inputs), nil
		}
	}
}

// halve decides about two halves: conflicts get rarer, and an input that cannot be committed is
// found.
func (c *Committer) halve(ctx context.Context, inputs []fold.Input, results []fold.Result) ([]fold.Result, error) {
	mid := len(inputs) / 2
	at, _ := slices.BinarySearchFunc(
		results,
		mid,
		func(r fold.Result, mid int) int { return cmp.Compare(r.Input, mid) },
	)
	move(results[at:], -mid)
	first, err := c.foldAndCommit(ctx, inputs[:mid], slices.Clip(results[:at]))
	if err != nil {
		return nil, err
	}
	second, err := c.foldAndCommit(ctx, inputs[mid:], results[at:])
	move(second, mid)
	return append(first, second...), err
}

// move shifts results to inputs n further on.
func move(results []fold.Result, n int) {
	for i := range results {
		results[i].Input += n
	}
}

// rejectAll rejects inputs whose changes no message can hold.
func rejectAll(inputs []fold.Input) []fold.Result {
	var results []fold.Result
	for i := range inputs {
		results = append(
			results,
			fold.Result{
				Input:   i,
				Outcome: fold.Rejected,
				Reason:  fhir.TooLarge,
				Detail:  "what it changes does not fit into the state of its patient",
			},
		)
	}
	return results
}

// commit steps and writes until what the step saw still holds when it is written.
func (c *Committer) commit(ctx context.Context, step func(*snapshot) fold.Commit) error {
	for a := c.newAttempts(); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		view := c.copy.snapshot()
		commit, err := safely(view, step)
		if err != nil {
			return err
		}
		p, err := c.write(ctx, &commit, view)
		if err == nil {
			return nil
		}
		if err := c.recoverFrom(ctx, a, p, err); err != nil {
			return err
		}
	}
}

// attempts counts the attempts to commit one thing.
type attempts struct {
	refused int
	wait    *jet.Backoff
}

func (c *Committer) newAttempts() *attempts { return &attempts{wait: c.backoff()} }

func (c *Committer) backoff() *jet.Backoff { return &jet.Backoff{By: c.sleep} }

// recoverFrom learns what is stored after a commit failed with err, so that it can be retried; it
// returns the error if it cannot.
func (c *Committer) recoverFrom(ctx context.Context, a *attempts, p *piece, err error) error {
	switch {
	case errors.Is(err, jet.ErrConflict):
		c.health.Conflict()
		if a.refused++; a.refused > 2 {
			return err
		}
	case errors.Is(err, jet.ErrUnknown):
		c.log.Warn().Err(err).Msg("no answer to a commit; reading back")
		c.health.Writing(false)
		a.wait.Sleep(ctx)
	default:
		return err
	}
	return c.readBack(ctx, p, a.wait)
}

// safely runs a step. A panic in it is an unforeseen input, which must not stop the others.
func safely(view *snapshot, step func(*snapshot) fold.Commit) (c fold.Commit, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: evaluation failed: %T", jet.ErrPoison, p) // the value may hold a payload
		}
	}()
	c = step(view)
	if view.err != nil {
		return c, fmt.Errorf("%w: %w", layout.ErrState, view.err)
	}
	return c, nil
}

// write commits piece by piece; a failed piece is returned with the error.
func (c *Committer) write(ctx context.Context, commit *fold.Commit, view *snapshot) (*piece, error) {
	pieces, err := c.store.pieces(commit, view, c.now())
	if err != nil {
		return nil, err
	}
	for _, p := range pieces {
		began := c.now()
		if err := c.store.commit(ctx, p); err != nil {
			return p, err
		}
		c.committed(p, began)
	}
	return nil, nil
}

func (c *Committer) committed(p *piece, began time.Time) {
	if p.size() > 0 {
		c.health.Committed(p.size(), c.now().Sub(began))
	}
}

// readBack learns what is stored, however long the server is away.
func (c *Committer) readBack(ctx context.Context, p *piece, wait *jet.Backoff) error {
	for {
		err := c.intact(ctx)
		if err == nil {
			err = c.store.readBack(ctx, p)
		}
		switch {
		case err == nil:
			c.health.Writing(true)
			return nil
		case errors.Is(err, jet.ErrReplaced), errors.Is(err, layout.ErrState), ctx.Err() != nil:
			return err
		}
		c.log.Warn().Err(err).Msg("reading back failed; trying again")
		wait.Sleep(ctx)
	}
}

// chunk is how many patients are re-evaluated in one commit.
const chunk = 400
