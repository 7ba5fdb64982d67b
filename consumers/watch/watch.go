package watch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Options say what Watch shows.
type Options struct {
	Severity checks.Severity // this or worse; None is all
	Once     bool            // the open flags, and no more
	Domain   jet.Domain
	// Key is the site key. With it a message that rlsguard did not write is left out, unless none is
	// signed, as an earlier version left them; without it that is not checked.
	Key []byte
	// LeftOut is called for each message that cannot be read, or that rlsguard did not write; the rest
	// is handed on. It may be nil.
	LeftOut func(error)
	// Moved gets the last word on each severity before, of flags that are stored, one at a time and
	// before open is called. It may be nil.
	Moved func(checks.Flag)
	// Blind is called when what was handed on may be out of date: since when, and why, which is
	// ErrConnectionLost, ErrNoFlags or another error. Seeing is called when it is up to date again.
	// Either may be nil; they are called one at a time, beside open and live. So is LeftOut.
	Blind  func(since time.Time, why error)
	Seeing func()
}

// Watch calls open once with the flags that are open, sorted by patient, check and ingredient, and
// then live with every transition, until ctx ends or one of them returns an error. It needs the
// rights to read the stream RLS_FLAGS directly and to hear rls.flags.>, and none to make consumers.
// When that stream is made anew, it is read again from its start, and live gets what differs from
// what was shown before. Once open was called, faults of the server or the connection are waited
// out.
func Watch(
	ctx context.Context,
	nc *nats.Conn,
	o Options,
	open func([]checks.Flag) error,
	live func(checks.Flag) error,
) error {
	js, err := jet.New(nc, o.Domain, jetstream.WithDefaultTimeout(watchTimeout))
	if err != nil {
		return err
	}
	w := &watcher{
		nc: nc, js: js, options: o, told: map[string]checks.Flag{}, sight: sight{blind: o.Blind, seeing: o.Seeing},
		checks: checker{leftOut: o.LeftOut},
		open:   func(flags []checks.Flag) error { return handedOn(open(flags)) },
		live:   func(f checks.Flag) error { return handedOn(live(f)) },
	}
	if o.Key != nil {
		w.checks.signer = layout.NewSigner(o.Key)
	}
	if o.Once {
		if err := jet.WaitCopied(ctx, js); err != nil {
			return err
		}
		return given(w.follow(ctx))
	}
	ctx, cancel := context.WithCancel(ctx)
	var looking sync.WaitGroup
	looking.Go(func() { w.watchOver(ctx) })
	defer func() { cancel(); looking.Wait() }()
	for {
		err := w.follow(ctx)
		replaced := errors.Is(err, jet.ErrReplaced)
		if err == nil || !w.opened && !replaced || final(err) || nc.IsClosed() {
			return given(err)
		}
		if replaced {
			err = ErrNoFlags
		}
		w.sight.lost(time.Now(), err)
		w.awaitStream(ctx)
	}
}

// watchTimeout is how long the server may take to answer before Watch calls itself blind.
const watchTimeout = 5 * time.Second

// watcher follows the flags through one stream RLS_FLAGS after the other.
type watcher struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	options Options
	open    func([]checks.Flag) error
	live    func(checks.Flag) error
	sight   sight
	checks  checker
	// told is the newest of each flag that open or live got; opened that open was called.
	told   map[string]checks.Flag
	opened bool

	mu     sync.Mutex
	reader *reading // what is being read; nil while nothing is

	seen time.Time // when watchOver last saw that all is well
}

// reading is the stream that a watcher reads.
type reading struct {
	made   time.Time
	end    context.CancelCauseFunc
	told   bool  // all that was there has been told
	failed error // why what came since could not be read at the last attempt
}

func (w *watcher) read(r *reading) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reader = r
}

func (w *watcher) reads() *reading {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reader
}

// follow reads the stream as it is now, from its start, until ctx ends. Its error is errReplaced
// when there is another one.
func (w *watcher) follow(ctx context.Context) error {
	stream, err := w.js.Stream(ctx, layout.StreamFlags)
	if w.opened && errors.Is(err, jetstream.ErrStreamNotFound) {
		return jet.ErrReplaced
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	made := stream.CachedInfo().Created
	w.read(&reading{made: made, end: cancel})
	defer w.read(nil)
	subject := severityFilter(w.options.Severity)
	known, next, err := storedFlags(ctx, w.js, subject, &w.checks, w.options.Moved)
	if err != nil {
		return stopped(ctx, err)
	}
	for id, f := range known {
		if f.Severity < w.options.Severity {
			delete(known, id)
		}
	}
	if err := w.tellFirst(known); err != nil || w.options.Once {
		return err
	}
	shown := reading{made: made, end: cancel, told: true}
	w.read(&shown)
	return w.followFrom(ctx, subject, next, known, shown)
}

// soon are the times after a transition was seen live at which the copy is looked at for it; it
// lags by milliseconds.
var soon = []time.Duration{
	0,
	2 * time.Millisecond,
	10 * time.Millisecond,
	50 * time.Millisecond,
	250 * time.Millisecond,
}

// followFrom hands on what the stream gets from a sequence on, as soon as it was seen live, and at
// the latest when it is looked at anyway. It takes no consumer: with those, somebody who makes all
// that the server allows would blind everybody else.
func (w *watcher) followFrom(
	ctx context.Context,
	subject string,
	next uint64,
	known map[string]checks.Flag,
	shown reading,
) error {
	seen := make(chan struct{}, 1)
	live, err := w.nc.Subscribe(subject, func(*nats.Msg) {
		select {
		case seen <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return stopped(ctx, err)
	}
	defer func() { _ = live.Unsubscribe() }() // it fails when the connection is closed
	for look := 0; ; look++ {
		from := next
		next, err = jet.EachDirect(
			ctx,
			w.js,
			layout.StreamFlags,
			subject,
			from,
			func(m *jetstream.RawStreamMsg) error { return w.take(m, known) },
		)
		if err != nil && (final(err) || ctx.Err() != nil || w.nc.IsClosed()) {
			return stopped(ctx, err)
		}
		now := shown
		now.failed = err
		w.read(&now)
		pause := jet.LookEvery
		if err == nil && next == from && look < len(soon) {
			pause = soon[look]
		}
		select {
		case <-ctx.Done():
			return stopped(ctx, ctx.Err())
		case <-seen:
			look = 0
		case <-time.After(pause):
		}
	}
}

// take hands a transition on.
func (w *watcher) take(m *jetstream.RawStreamMsg, known map[string]checks.Flag) error {
	f, ok := w.checks.flag(m)
	if !ok || f.Severity < w.options.Severity {
		return nil
	}
	if have, ok := known[f.ID]; ok && f.Number < have.Number && f.Change == checks.ChangeMoved {
		return nil // the last word on the severity before, when all is copied again
	}
	known[f.ID] = f
	return w.tell(f)
}

// tellFirst hands on what a stream has: all that is open, or what has changed since the stream
// before it.
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

// tell hands a transition on unless the last one that was handed on says the same, as it does when
// RLS_FLAGS was copied again. Numbers do not tell: they begin anew where states were lost and made
// again.
func (w *watcher) tell(f checks.Flag) error {
	have, ok := w.told[f.ID]
	if ok && f.Number <= have.Number &&
		(f.Change == checks.ChangeMoved || isOpen(&f) == isOpen(&have) && f.Digest() == have.Digest()) {
		return nil
	}
	w.told[f.ID] = f
	return w.live(f)
}

// awaitStream waits until there is a stream again, and for a moment until it holds what was
// committed.
func (w *watcher) awaitStream(ctx context.Context) {
	for wait := jet.NewBackoff(); ctx.Err() == nil && !w.nc.IsClosed(); {
		wait.Sleep(ctx)
		if _, err := w.js.Stream(ctx, layout.StreamFlags); err == nil {
			_ = jet.WaitCopied(ctx, w.js) // its only error is that ctx ended
			return
		}
	}
}

// severityFilter is the one subject under which all that may be shown is.
func severityFilter(least checks.Severity) string {
	if least < checks.High {
		return layout.SubjectFlags + ">"
	}
	return layout.SubjectFlags + least.String() + ".>"
}

// stopped is what reading ends with: nothing when ctx ended, and errReplaced when that was since
// there is another stream.
func stopped(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), jet.ErrReplaced):
		return jet.ErrReplaced
	case ctx.Err() != nil:
		return nil
	}
	return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
}
