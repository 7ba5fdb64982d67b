package consumers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// lookEvery is how often streams and consumer are looked at.
const lookEvery = 2 * time.Second

// watchOver looks at streams and consumer: it learns up to where everything is acknowledged, and notices what was deleted.
func (s *session) watchOver(ctx context.Context) error {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		err := s.look(ctx)
		if errors.Is(err, errReplaced) {
			return err
		}
		if ctx.Err() == nil {
			s.health.looked(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (s *session) look(ctx context.Context) error {
	if err := s.unreplaced(ctx); err != nil {
		return err
	}
	cons, err := s.js.Consumer(ctx, StreamFHIR, Durable)
	if err != nil {
		return fmt.Errorf("consumer %s: %w", Durable, err)
	}
	info := cons.CachedInfo()
	s.floor.raise(info.AckFloor.Stream)
	s.compareClocks(info.TimeStamp)
	return nil
}

// unreplaced tells whether the streams are still those that the session began with.
func (s *session) unreplaced(ctx context.Context) error {
	if s.cfg.Embedded != nil && s.cfg.Embedded.starts.Load() != s.starts {
		return fmt.Errorf("%w: the embedded server was started again", errReplaced)
	}
	flags := time.Time{} // while this session makes RLS_FLAGS anew
	if made := s.flagsMade.Load(); made != 0 {
		flags = time.Unix(0, made)
	}
	for name, made := range map[string]time.Time{StreamRLS: s.created, StreamFHIR: time.Unix(0, s.epoch), StreamFlags: flags, StreamDead: {}} {
		created, err := s.streamCreated(ctx, name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound) && name == StreamFlags && flags.IsZero():
		case errors.Is(err, jetstream.ErrStreamNotFound):
			return fmt.Errorf("%w: %s is gone", errReplaced, name)
		case err != nil:
			return err
		case !made.IsZero() && !created.Equal(made):
			return fmt.Errorf("%w: %s", errReplaced, name)
		}
	}
	return nil
}
