package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir"
)

// pendingFlags reads the flags that are there, of which the iterator has so many, and tells the newest transition of each. It takes longer
// to read one than to get it, so that is done on all cores.
func pendingFlags(ctx context.Context, it jetstream.MessagesContext, left uint64) (map[string]checks.Flag, error) {
	known := map[string]checks.Flag{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	msgs := make(chan jetstream.Msg, 256)
	g.Go(func() error {
		defer close(msgs)
		for left > 0 {
			m, meta, err := nextMessage(ctx, it)
			if err != nil {
				return err
			}
			select {
			case msgs <- m:
			case <-ctx.Done():
				return ctx.Err()
			}
			left = meta.NumPending
		}
		return nil
	})
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for m := range msgs {
				f, err := flagOf(m)
				if err != nil {
					return err
				}
				mu.Lock()
				if have, ok := known[f.ID]; !ok || have.Number < f.Number {
					known[f.ID] = f
				}
				mu.Unlock()
			}
			return nil
		})
	}
	return known, g.Wait()
}

// nextFlag waits for a transition.
func nextFlag(ctx context.Context, it jetstream.MessagesContext) (checks.Flag, error) {
	m, _, err := nextMessage(ctx, it)
	if err != nil {
		return checks.Flag{}, err
	}
	return flagOf(m)
}

func nextMessage(ctx context.Context, it jetstream.MessagesContext) (jetstream.Msg, *jetstream.MsgMetadata, error) {
	for {
		m, err := it.Next(jetstream.NextContext(ctx))
		if errors.Is(err, jetstream.ErrNoHeartbeat) {
			continue // the server is away for a moment; the consumer goes on where it was
		}
		if err != nil {
			return nil, nil, err
		}
		meta, err := m.Metadata()
		return m, meta, err
	}
}

func flagOf(m jetstream.Msg) (checks.Flag, error) {
	f, err := fhir.UnmarshalFlag(m.Data())
	if err == nil {
		return f, nil
	}
	where := "an unknown sequence"
	if meta, metaErr := m.Metadata(); metaErr == nil {
		where = fmt.Sprintf("sequence %d", meta.Sequence.Stream)
	}
	return f, flagError{fmt.Errorf("flag at %s of %s: %w", where, layout.StreamFlags, err)}
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
		return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Ingredient, b.Ingredient))
	})
	sorted := make([]checks.Flag, len(order))
	for i, f := range order {
		sorted[i] = *f
	}
	return sorted
}
