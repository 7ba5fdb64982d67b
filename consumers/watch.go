package consumers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rlsguard/rlsguard/checks"
)

// WatchOptions say what Watch shows.
type WatchOptions struct {
	Severity checks.Severity // this or worse; None is all
	Once     bool            // the open flags, and no more
}

// Watch calls open once with the flags that are open, sorted by patient, check and ingredient, and then live with every transition,
// until ctx ends or one of them returns an error. It needs no right but to read the stream RLS_FLAGS. When that stream is made anew, it is
// read again from its start, and live gets what differs from what was shown before.
func Watch(ctx context.Context, nc *nats.Conn, o WatchOptions, open func([]checks.Flag) error, live func(checks.Flag) error) error {
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		return err
	}
	w := &watcher{js: js, options: o, open: open, live: live, told: map[string]checks.Flag{}}
	if o.Once {
		if err := shown(ctx, js); err != nil {
			return err
		}
	}
	for err = w.follow(ctx); errors.Is(err, errReplaced); err = w.follow(ctx) {
		if err := w.awaitStream(ctx); err != nil {
			return stopped(ctx, err)
		}
	}
	return err
}

// watcher follows the flags through one stream RLS_FLAGS after the other.
type watcher struct {
	js      jetstream.JetStream
	options WatchOptions
	open    func([]checks.Flag) error
	live    func(checks.Flag) error
	// told is the newest of each flag that open or live got; opened that open was called.
	told   map[string]checks.Flag
	opened bool
}

// follow reads the stream as it is now, from its start, until ctx ends. Its error is errReplaced when there is another one.
func (w *watcher) follow(ctx context.Context) error {
	stream, err := w.js.Stream(ctx, StreamFlags)
	if w.opened && errors.Is(err, jetstream.ErrStreamNotFound) {
		return errReplaced
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", StreamFlags, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !w.options.Once {
		go lookForAnother(ctx, cancel, w.js, stream.CachedInfo().Created)
	}
	cons, err := ordered(ctx, w.js, StreamFlags, jetstream.OrderedConsumerConfig{FilterSubjects: severityFilters(w.options.Severity)})
	if err != nil {
		return stopped(ctx, err)
	}
	it, err := cons.Messages()
	if err != nil {
		return stopped(ctx, err)
	}
	defer context.AfterFunc(ctx, it.Stop)()
	defer it.Stop()
	known, err := pendingFlags(ctx, it, cons.CachedInfo().NumPending)
	if err != nil {
		return stopped(ctx, err)
	}
	if err := w.tellFirst(known); err != nil || w.options.Once {
		return err
	}
	for {
		f, err := nextFlag(ctx, it)
		if err != nil {
			return stopped(ctx, err)
		}
		if have, ok := known[f.ID]; ok && f.Number < have.Number && f.Change == checks.ChangeMoved {
			continue // the last word on the severity before, when all is copied again
		}
		known[f.ID] = f
		if err := w.tell(f); err != nil {
			return err
		}
	}
}

// tellFirst hands on what a stream has: all that is open, or what has changed since the stream before it.
func (w *watcher) tellFirst(known map[string]checks.Flag) error {
	if !w.opened {
		w.opened = true
		if !w.options.Once {
			w.told = maps.Clone(known)
		}
		return w.open(sortedOpen(known))
	}
	for _, f := range sortedFlags(known) {
		if err := w.tell(f); err != nil {
			return err
		}
	}
	return nil
}

// tell hands a transition on unless the last one that was handed on says the same, as it does when RLS_FLAGS was copied again. Numbers do
// not tell: they begin anew where states were lost and made again.
func (w *watcher) tell(f checks.Flag) error {
	have, ok := w.told[f.ID]
	if ok && f.Number <= have.Number && (f.Change == checks.ChangeMoved || isOpen(&f) == isOpen(&have) && f.Digest() == have.Digest()) {
		return nil
	}
	w.told[f.ID] = f
	return w.live(f)
}

// lookForAnother ends the reading of a stream with errReplaced when it is gone, or another one.
func lookForAnother(ctx context.Context, end context.CancelCauseFunc, js jetstream.JetStream, made time.Time) {
	for ctx.Err() == nil {
		sleep(ctx, lookEvery)
		stream, err := js.Stream(ctx, StreamFlags)
		if errors.Is(err, jetstream.ErrStreamNotFound) || err == nil && !stream.CachedInfo().Created.Equal(made) {
			end(errReplaced)
		}
	}
}

// awaitStream waits until there is a stream again, and for a moment until it holds what was committed.
func (w *watcher) awaitStream(ctx context.Context) error {
	for wait := newBackoff(); ctx.Err() == nil; wait.sleep(ctx) {
		_, err := w.js.Stream(ctx, StreamFlags)
		if err == nil {
			return shown(ctx, w.js)
		}
		if !errors.Is(err, jetstream.ErrStreamNotFound) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrNoResponders) {
			return err
		}
	}
	return ctx.Err()
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

// stopped is what reading ends with: nothing when ctx ended, and errReplaced when that was since there is another stream.
func stopped(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), errReplaced):
		return errReplaced
	case ctx.Err() != nil:
		return nil
	}
	return fmt.Errorf("stream %s: %w", StreamFlags, err)
}
