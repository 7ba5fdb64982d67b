package watch

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// storedFlags reads the flags that are stored under a subject, and tells the newest transition of
// each and where to go on from. Each last word on a severity before goes to moved, one at a time. It
// takes longer to read one than to get it, so that is done on all
// cores.
func storedFlags(
	ctx context.Context,
	js jetstream.JetStream,
	subject string,
	moved func(checks.Flag),
) (known map[string]checks.Flag, next uint64, err error) {
	known = map[string]checks.Flag{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	msgs := make(chan *jetstream.RawStreamMsg, 256)
	g.Go(func() (err error) {
		defer close(msgs)
		next, err = jet.EachDirect(ctx, js, layout.StreamFlags, subject, 1, func(m *jetstream.RawStreamMsg) error {
			select {
			case msgs <- m:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		return err
	})
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for m := range msgs {
				f, err := flagOf(m)
				if err != nil {
					return err
				}
				mu.Lock()
				if moved != nil && f.Change == checks.ChangeMoved {
					moved(f)
				}
				if have, ok := known[f.ID]; !ok || have.Number < f.Number {
					known[f.ID] = f
				}
				mu.Unlock()
			}
			return nil
		})
	}
	err = g.Wait()
	return known, next, err
}

func flagOf(m *jetstream.RawStreamMsg) (checks.Flag, error) {
	f, err := issue.Unmarshal(m.Data)
	if err != nil {
		return f, flagError{fmt.Errorf("flag at sequence %d of %s: %w", m.Sequence, layout.StreamFlags, err)}
	}
	return f, nil
}

// flagError is that of a message which is no flag.
type flagError struct{ error }

func isOpen(f *checks.Flag) bool { return f.State != checks.Resolved && f.Change != checks.ChangeMoved }

func sortedOpen(known map[string]checks.Flag) []checks.Flag {
	return slices.DeleteFunc(sortedFlags(known), func(f checks.Flag) bool { return !isOpen(&f) })
}

// sortedFlags are sorted by patient, check and ingredient.
func sortedFlags(known map[string]checks.Flag) []checks.Flag {
	flags := slices.Collect(maps.Values(known))
	order := make([]*checks.Flag, len(flags)) // a flag is large to move about
	for i := range flags {
		order[i] = &flags[i]
	}
	slices.SortFunc(order, func(a, b *checks.Flag) int {
		return cmp.Or(
			cmp.Compare(a.Patient, b.Patient),
			cmp.Compare(a.Check, b.Check),
			cmp.Compare(a.Ingredient, b.Ingredient),
		)
	})
	sorted := make([]checks.Flag, len(order))
	for i, f := range order {
		sorted[i] = *f
	}
	return sorted
}
