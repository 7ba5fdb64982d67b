package commit

import (
	"context"
	"errors"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// refresh reads the states of patients whose timers fired. What this process follows may lag, and
// if an old state says that nothing changed, nothing is written, so no conflict would reveal it.
func (c *Committer) refresh(ctx context.Context, due []layout.Token) error {
	for len(due) > 0 {
		n := min(chunk, len(due))
		p := &piece{}
		for _, tok := range due[:n] {
			p.rows = append(p.rows, stateRow{kind: layout.SubjectPatient, token: tok})
		}
		if err := c.readBack(ctx, p, c.backoff()); err != nil {
			return err
		}
		due = due[n:]
	}
	return nil
}

// reevaluate re-evaluates patients whose timers fired, or under other rules. Tokens that no longer
// name anybody are skipped.
func (c *Committer) reevaluate(ctx context.Context, due []layout.Token) error {
	for len(due) > 0 {
		n := min(chunk, len(due))
		var refs []facts.Ref
		for _, tok := range due[:n] {
			delete(c.store.timers, tok) // it has fired
			ref, err := c.copy.byToken(tok)
			if err != nil {
				return err
			}
			if ref != "" {
				refs = append(refs, ref)
			}
		}
		if err := c.persist(ctx, refs, c.engine.Reevaluate); err != nil {
			return err
		}
		due = due[n:]
	}
	return nil
}

// HealSome looks at a chunk of patients whose state may be incomplete, and at as many decided under
// other rules.
func (c *Committer) HealSome(ctx context.Context) error {
	_, err := c.healPart(ctx, chunk)
	return err
}

// Heal looks at all of them.
func (c *Committer) Heal(ctx context.Context) error {
	for ctx.Err() == nil {
		if n, err := c.healPart(ctx, chunk); n == 0 || err != nil {
			return err
		}
	}
	return nil
}

func (c *Committer) healPart(ctx context.Context, n int) (int, error) {
	refs, err := c.copy.someSuspects(n)
	if err != nil {
		return 0, err
	}
	if err := c.healPatients(ctx, refs); err != nil {
		return 0, err
	}
	other, err := c.copy.someOtherRules(n)
	if err != nil {
		return 0, err
	}
	return len(refs) + len(other), c.persist(ctx, other, c.engine.Reevaluate)
}

func (c *Committer) healPatients(ctx context.Context, refs []facts.Ref) error {
	return c.persist(ctx, refs, c.engine.Heal)
}

// persist commits what decide says about patients, however often others write them meanwhile: in
// halves, and one that cannot be committed is skipped, since no acknowledgement waits for it.
func (c *Committer) persist(
	ctx context.Context,
	refs []facts.Ref,
	decide func(fold.View, []facts.Ref, time.Time) fold.Commit,
) error {
	if len(refs) == 0 {
		return nil
	}
	err := c.commit(ctx, func(view *snapshot) fold.Commit { return decide(view, refs, c.asOf()) })
	switch {
	case !errors.Is(err, jet.ErrConflict) && !errors.Is(err, jet.ErrPoison):
		return err
	case len(refs) > 1:
		mid := len(refs) / 2
		if err := c.persist(ctx, refs[:mid], decide); err != nil {
			return err
		}
		return c.persist(ctx, refs[mid:], decide)
	case errors.Is(err, jet.ErrConflict):
		return c.persist(ctx, refs, decide)
	default:
		c.log.Error().Err(err).Msg("a patient cannot be evaluated again")
		return nil
	}
}
