package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// onBus measures serve among so many patients and prints.
func (o *options) onBus(ctx context.Context, patients int) error {
	dir := filepath.Join(o.work, "bus"+strconv.Itoa(patients))
	defer os.RemoveAll(dir)
	b := &bus{o: o, dir: dir}
	defer b.kill()
	if err := b.start(); err != nil {
		return err
	}
	f, err := newFeed(o.samples, patients)
	if err != nil {
		return err
	}
	w := &busWork{bus: b, feed: f, events: o.events}
	if err := w.fill(ctx); err != nil {
		return err
	}
	t, err := w.rateTable(ctx)
	if err != nil {
		return err
	}
	t.measure(o.rounds)
	t.print(os.Stdout)
	if err := w.latencies(ctx, os.Stdout); err != nil {
		return err
	}
	b.kill()
	if err := w.copyForServe(ctx); err != nil {
		return err
	}
	t = w.startTable(ctx)
	t.measure(o.rounds)
	t.print(os.Stdout)
	return nil
}

// busWork is a feed on a bus.
type busWork struct {
	*bus
	*feed
	events int    // of a round
	last   uint64 // sequence of the last event
}

// runs runs a program until the durable has done everything, and says how long that took once it
// was ready: it gets nothing before.
func (w *busWork) runs(ctx context.Context, durable string, start func() (*child, error)) (time.Duration, error) {
	_, err := w.js.PauseConsumer(ctx, "FHIR", durable, time.Now().Add(time.Hour))
	paused := err == nil
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) { // it makes it itself
		return 0, err
	}
	c, err := start()
	if err != nil {
		return 0, err
	}
	defer c.stop()
	if paused {
		if _, err := w.js.ResumeConsumer(ctx, "FHIR", durable); err != nil {
			return 0, err
		}
	}
	return w.took(ctx, durable, w.last)
}

func (w *busWork) serves(ctx context.Context) (time.Duration, error) {
	return w.runs(ctx, "rlsguard", w.serve)
}

func (w *busWork) noops(ctx context.Context, what string) (time.Duration, error) {
	return w.runs(ctx, noopDurable(what), func() (*child, error) { return w.noop(what, w.patients) })
}

// fill makes all patients known.
func (w *busWork) fill(ctx context.Context) (err error) {
	if err := w.rlsguard("setup"); err != nil {
		return err
	}
	if w.last, err = w.send(ctx, take(w.patients, w.first)); err != nil {
		return err
	}
	_, err = w.serves(ctx)
	return err
}

// more publishes the events of a round.
func (w *busWork) more(ctx context.Context) (err error) {
	w.last, err = w.send(ctx, take(w.events, func(int) []byte { return w.next() }))
	return err
}

// rateTable holds serve against the no-op that writes as many messages, and the one that does not
// look into what it gets.
func (w *busWork) rateTable(ctx context.Context) (*table, error) {
	before, err := w.state(ctx, "RLS")
	if err != nil {
		return nil, err
	}
	if err := w.more(ctx); err != nil {
		return nil, err
	}
	if _, err := w.serves(ctx); err != nil {
		return nil, err
	}
	after, err := w.state(ctx, "RLS")
	if err != nil {
		return nil, err
	}
	share := strconv.FormatFloat(float64(after.LastSeq-before.LastSeq)/float64(w.events), 'f', 4, 64)
	for _, what := range []string{share, perType} { // what came so far is none of their work
		if _, err := w.noops(ctx, what); err != nil {
			return nil, err
		}
	}
	return &table{
		title: fmt.Sprintf("serve, %d patients, server in a process of its own", w.patients),
		items: w.events,
		unit:  "events",
		cases: []*run{
			measured("no-op, "+share+" messages an event, as rlsguard", func(*run) (time.Duration, error) {
				if err := w.more(ctx); err != nil {
					return 0, err
				}
				return w.noops(ctx, share)
			}),
			measured(
				"no-op, one for each MedicationRequest, Observation, Condition",
				func(*run) (time.Duration, error) { return w.noops(ctx, perType) },
			),
			measured("rlsguard serve", func(*run) (time.Duration, error) { return w.serves(ctx) }),
		},
	}, nil
}
