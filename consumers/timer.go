package consumers

import (
	"context"
	"errors"
	"time"

	"github.com/rlsguard/rlsguard/checks"
)

// reevaluate decides again about patients whose timers went off, or under other rules. A token that names nobody any more is passed over.
func (s *session) reevaluate(ctx context.Context, due []token) error {
	for len(due) > 0 {
		n := min(chunk, len(due))
		var refs []checks.Ref
		for _, tok := range due[:n] {
			delete(s.store.timers, tok) // it has gone off
			ref, err := s.copy.byToken(tok)
			if err != nil {
				return err
			}
			if ref != "" {
				refs = append(refs, ref)
			}
		}
		if err := s.persist(ctx, refs, s.cfg.Engine.Reevaluate); err != nil {
			return err
		}
		due = due[n:]
	}
	return nil
}

// heal looks at up to n patients whose state may not know all.
func (s *session) heal(ctx context.Context, n int) error {
	refs, err := s.copy.someSuspects(n)
	if err != nil {
		return err
	}
	return s.healPatients(ctx, refs)
}

// healAll looks at all of them.
func (s *session) healAll(ctx context.Context) error {
	for ctx.Err() == nil {
		refs, err := s.copy.someSuspects(chunk)
		if err != nil || len(refs) == 0 {
			return err
		}
		if err := s.healPatients(ctx, refs); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) healPatients(ctx context.Context, refs []checks.Ref) error {
	return s.persist(ctx, refs, s.cfg.Engine.Heal)
}

// persist commits what decide says about patients, however often others write them meanwhile: in halves, and one that cannot be
// committed is passed over, since nothing waits for it to be acknowledged.
func (s *session) persist(ctx context.Context, refs []checks.Ref, decide func(View, []checks.Ref, time.Time) Commit) error {
	if len(refs) == 0 {
		return nil
	}
	err := s.commit(ctx, func(view *snapshot) Commit { return decide(view, refs, s.asOf()) })
	switch {
	case !errors.Is(err, errConflict) && !errors.Is(err, errPoison):
		return err
	case len(refs) > 1:
		mid := len(refs) / 2
		if err := s.persist(ctx, refs[:mid], decide); err != nil {
			return err
		}
		return s.persist(ctx, refs[mid:], decide)
	case errors.Is(err, errConflict):
		return s.persist(ctx, refs, decide)
	default:
		s.log.Error().Err(err).Msg("a patient cannot be evaluated again")
		return nil
	}
}
