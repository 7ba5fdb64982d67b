package watch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Why a Watch is blind.
var (
	// ErrConnectionLost: there is no connection to the server.
	ErrConnectionLost = errors.New("connection lost")
	// ErrNoAnswer: there is a connection, and the server does not answer.
	ErrNoAnswer = errors.New("the server does not answer")
	// errNoFlags: the stream RLS_FLAGS is gone.
	ErrNoFlags = errors.New("the stream " + layout.StreamFlags + " is gone")
)

// sight is whether a Watch sees what happens.
type sight struct {
	blind  func(since time.Time, why error)
	seeing func()

	mu   sync.Mutex
	gone bool
}

// lost tells, once until back, that nothing was seen since a time.
func (s *sight) lost(since time.Time, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return
	}
	s.gone = true
	if s.blind != nil {
		s.blind(since, why)
	}
}

func (s *sight) back() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.gone {
		return
	}
	s.gone = false
	if s.seeing != nil {
		s.seeing()
	}
}

// watchOver looks, until ctx ends, whether flags would still come: an idle stream and a dead one
// are equally silent.
func (w *watcher) watchOver(ctx context.Context) {
	status := w.nc.StatusChanged(nats.CONNECTED, nats.RECONNECTING, nats.DISCONNECTED, nats.CLOSED)
	defer w.nc.RemoveStatusListener(status)
	w.seen = time.Now()
	for changes := status; ; {
		began := time.Now()
		err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			w.seen = began
			w.sight.back()
		case errors.Is(err, ErrConnectionLost):
			w.sight.lost(began, err)
		case !errors.Is(err, errReading):
			w.sight.lost(w.seen, err)
		}
		select {
		case <-ctx.Done():
			return
		case _, open := <-changes:
			if !open { // with the connection
				changes = nil
			}
		case <-time.After(jet.LookEvery):
		}
	}
}

// errReading: what is there has not been told yet.
var errReading = errors.New("the flags are being read")

// look tells why no flag would come now. Where there is another stream, the reading of this one
// ends.
func (w *watcher) look(ctx context.Context) error {
	if !w.nc.IsConnected() {
		return ErrConnectionLost
	}
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	r := w.reads()
	stream, err := w.js.Stream(ctx, layout.StreamFlags)
	gone := errors.Is(err, jetstream.ErrStreamNotFound)
	switch {
	case jet.Silent(err) && !w.nc.IsConnected(): // it was lost while the answer was on its way
		return ErrConnectionLost
	case jet.Silent(err):
		return ErrNoAnswer
	case err != nil && !gone:
		return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
	case r != nil && (gone || !stream.CachedInfo().Created.Equal(r.made)):
		w.sight.lost(w.seen, ErrNoFlags)
		r.end(jet.ErrReplaced)
		return ErrNoFlags
	case gone:
		return ErrNoFlags
	case r == nil || !r.told:
		return errReading
	}
	return r.failed
}

// handed is an error of whom flags were handed on to.
type handed struct{ error }

func handedOn(err error) error {
	if err == nil {
		return nil
	}
	return handed{err}
}

// given is the error as it was given.
func given(err error) error {
	var h handed
	if errors.As(err, &h) {
		return h.error
	}
	return err
}

// final tells that trying again would not help: nobody takes flags.
func final(err error) bool {
	var h handed
	return errors.As(err, &h)
}
