package consumers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// setupTimeout bounds making and reading streams.
const setupTimeout = 30 * time.Second

// session is one run of the consumer over streams that stay the same.
type session struct {
	*commit.Committer
	cfg     *Config
	js      jetstream.JetStream
	nc      *nats.Conn
	batches *jet.JetStore
	epoch   int64           // creation of the stream FHIR, Unix nanoseconds
	created time.Time       // of the stream RLS
	work    context.Context // of what is in flight: ends a while after the session has to stop
	// flagsMade is the creation of the stream RLS_FLAGS, Unix nanoseconds; 0 while the session makes it anew.
	flagsMade   atomic.Int64
	starts      int64 // of the embedded server, when the session began
	inputs      *inputs
	lastRLS     uint64 // last sequence that was seen of the stream RLS
	census      census
	mending     sync.Mutex
	mended      []time.Time // when durables were made again
	batchTarget int         // events that are decided together at most
	unacked     *unacked
	clockSkewed atomic.Bool // the clock of this machine is not that of the server
	events      chan commit.Event
	dead        map[string]struct{} // dead letters that are there of inputs that are not acknowledged
}

// runSession runs until ctx ends, or until something makes it start over.
func runSession(ctx context.Context, cfg *Config, nc *nats.Conn) error {
	js, err := jet.New(nc, cfg.Domain, jetstream.WithDefaultTimeout(jet.RequestTimeout), jetstream.WithPublishAsyncMaxPending(256),
		jetstream.WithPublishAsyncTimeout(5*jet.RequestTimeout))
	if err != nil {
		return err
	}
	defer js.CleanupPublisher()
	s := newSession(cfg, nc, js)
	s.Health.Begin()
	s.Health.Show(nil) // nothing is known yet
	work, cancel := graceful(ctx)
	defer cancel()
	s.work = work
	have, err := s.prepare(ctx)
	if err != nil {
		return err
	}
	return s.run(ctx, have)
}

func newSession(cfg *Config, nc *nats.Conn, js jetstream.JetStream) *session {
	s := &session{cfg: cfg, js: js, nc: nc, batches: &jet.JetStore{Nc: nc, Js: js, Timeout: jet.RequestTimeout}, unacked: newUnacked(), inputs: newInputs(), events: make(chan commit.Event, 2*cfg.Batch), batchTarget: cfg.Batch}
	s.Committer = commit.NewCommitter(commit.CommitterOptions{Engine: cfg.Engine, Store: s.batches,
		AsOf: cfg.AsOf, Audit: cfg.Audit, Now: time.Now, Sleep: jet.Sleep, Health: cfg.Health, Log: cfg.Log})
	if cfg.Embedded != nil {
		s.starts = cfg.Embedded.Starts.Load()
	}
	s.Intact, s.Reject = s.unreplaced, s.writeDeadLetters
	s.Done = func(batch []commit.Event) {
		s.unacked.drop(batch)
		s.inputs.note(batch)
	}
	return s
}

// graceful is a context that goes on for a while after ctx has ended.
func graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-t.C:
		case <-work.Done():
		}
		cancel()
	})
	return work, func() { stop(); cancel() }
}

// prepare makes what is missing and refuses what must not be touched.
func (s *session) prepare(ctx context.Context) (*layout.SiteRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	if err := jet.MakeStreams(ctx, s.js, s.cfg.Replicas); err != nil {
		return nil, err
	}
	if s.cfg.Dead > 0 {
		if err := jet.KeepDead(ctx, s.js, s.cfg.Dead); err != nil { // a right that the user of serve need not have
			s.Log.Warn().Err(err).Msg("dead letters are kept as long as before")
		}
	}
	created, err := s.streamCreated(ctx, layout.StreamFHIR)
	if err != nil {
		return nil, err
	}
	s.epoch = created.UnixNano()
	if s.created, err = s.streamCreated(ctx, layout.StreamRLS); err != nil {
		return nil, err
	}
	made, err := s.streamCreated(ctx, layout.StreamFlags)
	if err != nil {
		return nil, err
	}
	s.flagsMade.Store(made.UnixNano())
	if s.cfg.Embedded != nil {
		s.cfg.rebuild = max(s.cfg.rebuild, s.cfg.Embedded.Rebuild.Swap(0))
	}
	have, err := s.checkSite(ctx)
	switch {
	case err != nil:
		return nil, err
	case have == nil:
		err = s.checkHistory(ctx)
	default: // another instance, or this one before it was killed, may have begun to
		s.cfg.rebuild = max(s.cfg.rebuild, have.Rebuilding)
	}
	s.Rebuilding = s.cfg.rebuild
	return have, err
}

func (s *session) streamCreated(ctx context.Context, name string) (time.Time, error) {
	stream, err := s.js.Stream(ctx, name)
	if err != nil {
		return time.Time{}, fmt.Errorf("stream %s: %w", name, err)
	}
	return stream.CachedInfo().Created, nil
}

// run follows the states, settles them, and then takes events in.
func (s *session) run(ctx context.Context, have *layout.SiteRecord) error {
	serving := ctx
	g, ctx := errgroup.WithContext(ctx)
	defer s.tellWhenVoid(ctx, serving)()
	filled := make(chan struct{})
	g.Go(func() error { return s.keepFollowing(ctx, filled) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-filled:
		}
		s.Health.Show(s.Copy)
		if s.Rebuilding == 0 { // otherwise it is a part only
			s.cfg.Known.Offer(ctx, s.Copy)
		}
		began := time.Now()
		if err := s.ApplyRules(ctx, have); err != nil {
			return err
		}
		if err := s.Heal(ctx); err != nil {
			return err
		}
		s.Log.Info().Int("patients", s.Copy.Known()).Int64("settled_in_ms", time.Since(began).Milliseconds()).Msg("states read")
		if err := s.openInputs(ctx, have); err != nil {
			return err
		}
		if err := s.findDead(ctx); err != nil {
			return err
		}
		return s.consume(ctx)
	})
	return g.Wait()
}

// tellWhenVoid tells as soon as ctx ends that nothing is known any more, unless all of serving ends: what was begun is still finished, which
// may take a while. Call done in the end, or it would tell of the next session.
func (s *session) tellWhenVoid(ctx, serving context.Context) (done func()) {
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(told)
		if serving.Err() == nil {
			s.Health.Unready(reasonOf(context.Cause(ctx)))
			s.cfg.Known.Set(nil)
		}
	})
	return func() {
		if !stop() {
			<-told
		}
		s.cfg.Known.Set(nil) // after it was told that nothing is ready: whoever is ready answers
	}
}

// keepFollowing follows the states, again and again where the connection or the server has a gap.
func (s *session) keepFollowing(ctx context.Context, filled chan struct{}) error {
	done := false
	once := func() {
		if !done {
			done = true
			close(filled)
		}
	}
	for wait := jet.NewBackoff(); ctx.Err() == nil; wait.Sleep(ctx) {
		err := s.Copy.Follow(ctx, s.js, once)
		if errors.Is(err, layout.ErrState) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			s.Log.Warn().Err(err).Msg("following the states again")
		}
	}
	return nil
}
