package consumers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/fhir"
)

// WatchOptions say what Watch shows.
type WatchOptions struct {
	Severity checks.Severity // this or worse; None is all
	Once     bool            // the open flags, and no more
}

// Watch calls open once with the flags that are open, sorted by patient, check and ingredient, and then live with every transition,
// until ctx ends or one of them returns an error. It needs no right but to read the stream RLS_FLAGS.
func Watch(ctx context.Context, nc *nats.Conn, o WatchOptions, open func([]checks.Flag) error, live func(checks.Flag) error) error {
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		return err
	}
	if o.Once {
		if err := shown(ctx, js); err != nil {
			return err
		}
	}
	cons, err := js.OrderedConsumer(ctx, StreamFlags, jetstream.OrderedConsumerConfig{FilterSubjects: severityFilters(o.Severity)})
	if err != nil {
		return fmt.Errorf("stream %s: %w", StreamFlags, err)
	}
	it, err := cons.Messages()
	if err != nil {
		return fmt.Errorf("stream %s: %w", StreamFlags, err)
	}
	defer context.AfterFunc(ctx, it.Stop)()
	defer it.Stop()
	known := map[string]checks.Flag{}
	for left := cons.CachedInfo().NumPending; left > 0; {
		f, pending, err := nextFlag(ctx, it)
		if err != nil {
			return stopped(ctx, err)
		}
		if have, ok := known[f.ID]; !ok || have.Number < f.Number {
			known[f.ID] = f
		}
		left = pending
	}
	if err := open(sortedOpen(known)); err != nil || o.Once {
		return err
	}
	for {
		f, _, err := nextFlag(ctx, it)
		if err != nil {
			return stopped(ctx, err)
		}
		if err := live(f); err != nil {
			return err
		}
	}
}

func severityFilters(least checks.Severity) []string {
	if least <= checks.Low {
		return []string{SubjectFlags + ">"}
	}
	var all []string
	for s := least; s <= checks.High; s++ {
		all = append(all, SubjectFlags+s.String()+".>")
	}
	return all
}

// nextFlag waits for a transition; pending is how many are there after it.
func nextFlag(ctx context.Context, it jetstream.MessagesContext) (f checks.Flag, pending uint64, err error) {
	for {
		m, err := it.Next(jetstream.NextContext(ctx))
		if errors.Is(err, jetstream.ErrNoHeartbeat) {
			continue // the server is away for a moment; the consumer goes on where it was
		}
		if err != nil {
			return f, 0, err
		}
		meta, err := m.Metadata()
		if err != nil {
			return f, 0, err
		}
		if f, err = fhir.UnmarshalFlag(m.Data()); err != nil {
			return f, 0, fmt.Errorf("flag at sequence %d of %s: %w", meta.Sequence.Stream, StreamFlags, err)
		}
		return f, meta.NumPending, nil
	}
}

func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("stream %s: %w", StreamFlags, err)
}

func sortedOpen(known map[string]checks.Flag) []checks.Flag {
	var flags []checks.Flag
	for _, f := range known {
		if f.State != checks.Resolved && f.Change != checks.ChangeMoved {
			flags = append(flags, f)
		}
	}
	slices.SortFunc(flags, func(a, b checks.Flag) int {
		return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Ingredient, b.Ingredient))
	})
	return flags
}
