package consumers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// census counts the stored states with a consumer that never reads them: the server tells of it
// how many it would read.
type census struct {
	name  string
	short int       // looks in a row that found fewer than are known
	next  time.Time // when all are read again, while some are missing
}

// censusEvery is how often all states are looked for, while some are missing.
const censusEvery = 5 * time.Second

// watchStates notices states that vanished from the stream, and stores them again from memory
// where that is for this instance to do.
func (s *session) watchStates(ctx context.Context, rls *jetstream.StreamInfo, answers bool) error {
	if rls.State.LastSeq < s.lastRLS {
		return fmt.Errorf(
			"%w: %s ends at sequence %d, and reached %d",
			jet.ErrReplaced,
			layout.StreamRLS,
			rls.State.LastSeq,
			s.lastRLS,
		)
	}
	s.lastRLS = rls.State.LastSeq
	expected := s.states.Expected()
	stored, err := s.countStates(ctx)
	if err != nil {
		return err
	}
	c := &s.census
	if stored >= expected {
		c.short, c.next = 0, time.Time{}
		s.trouble(health.StatesMissing, "")
		return nil
	}
	if c.short++; c.short < 2 || time.Now().Before(c.next) {
		return nil
	}
	missing, err := s.missingStates(ctx)
	if err != nil {
		return err
	}
	// What was erased long ago has left, the server miscounted, or a replica that lags was read.
	if missing.Count() == 0 || s.someThere(ctx, missing) {
		*c = census{}
		s.trouble(health.StatesMissing, "")
		return nil
	}
	c.next = time.Now().Add(censusEvery)
	s.trouble(
		health.StatesMissing,
		fmt.Sprintf("%d stored states have left stream %s: the active instance stores them again from memory "+
			"once the stream keeps them; if that does not help, stop rlsguard and import the newest export",
			missing.Count(), layout.StreamRLS),
	)
	if !answers || jet.UnfitStreams(s.js, map[string]*jetstream.StreamInfo{layout.StreamRLS: rls}) != "" {
		return nil
	}
	missing.Lose()
	return s.restore(ctx, missing)
}

// someThere tells whether the leader of the stream has some of the states that were not found.
// Consumers read the replica that they are on, which may lag behind after another leader was lost.
func (s *session) someThere(ctx context.Context, missing *commit.Missing) bool {
	return slices.ContainsFunc(missing.Some(sample), func(subject string) bool {
		return jet.LastOf(ctx, s.js, layout.StreamRLS, subject) != nil
	})
}

// sample is how many states are asked for one by one.
const sample = 16

// countStates asks how many messages the stream has under the subjects of states.
func (s *session) countStates(ctx context.Context) (uint64, error) {
	if s.census.name != "" {
		cons, err := s.js.Consumer(ctx, layout.StreamRLS, s.census.name)
		if err == nil {
			return cons.CachedInfo().NumPending, nil
		}
		if !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return 0, fmt.Errorf("counting states: %w", err)
		}
	}
	cons, err := s.js.CreateConsumer(ctx, layout.StreamRLS, jetstream.ConsumerConfig{
		FilterSubject: layout.SubjectState + ">", AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true,
		MemoryStorage: true, Replicas: 1, InactiveThreshold: jet.Abandoned,
	})
	if err != nil {
		return 0, fmt.Errorf("counting states: %w", err)
	}
	s.census.name = cons.CachedInfo().Name
	return cons.CachedInfo().NumPending, nil
}

// missingStates reads which states there are. Markers of erasures that have left are forgotten.
func (s *session) missingStates(ctx context.Context) (*commit.Missing, error) {
	m := s.states.Missing()
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectState + ">"}, HeadersOnly: true}
	err := jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(msg jetstream.Msg, _ *jetstream.MsgMetadata) error {
		m.Found(msg.Subject())
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for states: %w", err)
	}
	m.DropMarkers()
	return m, nil
}
