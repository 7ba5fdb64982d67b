package consumers

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// setupTimeout bounds making and reading streams.
const setupTimeout = 30 * time.Second

// run is one call of Serve: what outlives its sessions.
type run struct {
	cfg *Config
	nc  *nats.Conn
	// rebuild is what the record of the site has as Rebuilding, also before a session could write
	// it.
	rebuild uint64
}

// session is one run of the consumer over streams that stay the same.
type session struct {
	run       *run
	cfg       *Config
	committer *commit.Committer
	states    *commit.WorkingCopy // of the committer
	health    *health.Health
	log       zerolog.Logger
	now       func() time.Time
	js        jetstream.JetStream
	nc        *nats.Conn
	batches   *jet.JetStore
	epoch     int64     // creation of the stream FHIR, Unix nanoseconds
	created   time.Time // of the stream RLS
	// rebuilding is how far the inbound stream reached when lost states began to be made again from
	// it; 0 when none are.
	rebuilding uint64
	seed       maphash.Seed // of what is compared in memory
	signer     *layout.Signer
	unsigned   uint64 // sequence of the stream RLS up to which messages may be without a signature
	// flagsMade is the creation of the stream RLS_FLAGS, Unix nanoseconds; 0 while the session
	// makes it anew.
	flagsMade   atomic.Int64
	starts      int64 // of the embedded server, when the session began
	inputs      *inputs
	lastRLS     uint64 // last sequence that was seen of the stream RLS
	census      census
	pruning     pruning
	patrol      patrol
	mending     sync.Mutex
	mended      []time.Time // when durables were made again
	batchTarget int         // events that are decided together at most
	unacked     *unacked
	feedbackAt  time.Time   // when the stream of feedback is looked for again
	clockSkewed atomic.Bool // the clock of this machine is not that of the server
	events      chan commit.Event
	dead        map[string]struct{} // dead letters that are there of inputs that are not acknowledged
}

// session runs one until ctx ends, or until something makes it start over.
func (r *run) session(ctx context.Context) error {
	js, err := jet.New(
		r.nc,
		r.cfg.Domain,
		jetstream.WithDefaultTimeout(jet.RequestTimeout),
		jetstream.WithPublishAsyncMaxPending(256),
		jetstream.WithPublishAsyncTimeout(5*jet.RequestTimeout),
	)
	if err != nil {
		return err
	}
	defer js.CleanupPublisher()
	s := newSession(r, js)
	s.health.Begin()
	s.health.Show(nil) // nothing is known yet
	work, cancel := graceful(ctx)
	defer cancel()
	have, err := s.prepare(ctx)
	if err != nil {
		return err
	}
	return s.serve(ctx, work, have)
}

func newSession(r *run, js jetstream.JetStream) *session {
	cfg := r.cfg
	s := &session{
		run:    r,
		cfg:    cfg,
		js:     js,
		nc:     r.nc,
		health: cfg.Health,
		log:    cfg.Log,
		now:    time.Now,
		seed:   maphash.MakeSeed(),
		signer: layout.NewSigner(cfg.Engine.Key),
		batches: &jet.JetStore{
			Nc:      r.nc,
			Js:      js,
			Timeout: jet.RequestTimeout,
		},
		unacked:     newUnacked(),
		inputs:      newInputs(),
		events:      make(chan commit.Event, 2*cfg.Batch),
		batchTarget: cfg.Batch,
	}
	s.pruning.of = audit.NewPruner(js)
	s.batches.Wrote = s.wrote
	s.committer = commit.New(commit.Options{Engine: cfg.Engine, Store: s.batches, AsOf: cfg.AsOf,
		Now: time.Now, Sleep: jet.Sleep, By: nuid.Next(), Intact: s.unreplaced, Health: cfg.Health, Log: cfg.Log})
	s.states = s.committer.States()
	if cfg.Embedded != nil {
		s.starts = cfg.Embedded.Starts.Load()
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
	if err := s.makeFeedback(ctx); err != nil {
		s.log.Warn().Err(err).Msg("feedback on cards cannot be stored yet")
	}
	if err := s.keepAudit(ctx); err != nil { // a right that the user of serve need not have
		s.log.Warn().Err(err).Msg("cannot change --audit-days: transitions are kept as long as before")
	}
	if s.cfg.Dead > 0 {
		if err := jet.KeepDead(ctx, s.js, s.cfg.Dead); err != nil { // a right that the user of serve need not have
			s.log.Warn().Err(err).Msg("cannot change --dead-days: dead letters are kept as long as before")
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
		s.run.rebuild = max(s.run.rebuild, s.cfg.Embedded.Rebuild.Swap(0))
	}
	have, err := s.checkSite(ctx)
	switch {
	case err != nil:
		return nil, err
	case have == nil:
		err = s.checkHistory(ctx)
	default: // another instance, or this one before it was killed, may have begun to
		s.run.rebuild = max(s.run.rebuild, have.Rebuilding)
	}
	s.rebuilding = s.run.rebuild
	return have, err
}

// makeFeedback makes the stream of feedback where this process takes any, before the first look
// tells that it is missing. In accounts of their own rlsguard setup makes it.
func (s *session) makeFeedback(ctx context.Context) error {
	if !s.cfg.Feedback || jet.DomainOf(s.js).Prefix != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, jet.RequestTimeout)
	defer cancel()
	return jet.MakeFeedback(ctx, s.js, s.cfg.Replicas, s.cfg.Audit)
}

// keepAudit sets how long transitions are kept. Whoever may not gets no answer, and need not wait long
// for none.
func (s *session) keepAudit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, jet.RequestTimeout)
	defer cancel()
	return jet.KeepAudit(ctx, s.js, s.cfg.Audit)
}

func (s *session) streamCreated(ctx context.Context, name string) (time.Time, error) {
	stream, err := s.js.Stream(ctx, name)
	if err != nil {
		return time.Time{}, fmt.Errorf("stream %s: %w", name, err)
	}
	return stream.CachedInfo().Created, nil
}

// serve follows the states, brings them to the rules, and then takes events in. work goes on for a
// while after ctx, for what is in flight.
func (s *session) serve(ctx, work context.Context, have *layout.SiteRecord) error {
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
		if err := s.makeGood(ctx, have); err != nil {
			return err
		}
		s.health.Show(s.states)
		if s.rebuilding == 0 { // otherwise it is a part only
			s.cfg.Known.Offer(ctx, s.states)
		}
		began := time.Now()
		if err := s.committer.Settle(ctx); err != nil {
			return err
		}
		if err := s.replaceForeign(ctx); err != nil {
			return err
		}
		if err := s.rememberFlags(ctx); err != nil {
			return err
		}
		if err := s.committer.ApplyRules(ctx, have, s.rebuilding); err != nil {
			return err
		}
		if err := s.committer.Heal(ctx); err != nil {
			return err
		}
		s.log.Info().Int(
			"patients",
			s.states.Known(),
		).Int64(
			"settled_in_ms",
			time.Since(began).Milliseconds(),
		).Msg(
			"states read",
		)
		if err := s.openInputs(ctx, have); err != nil {
			return err
		}
		if err := s.findDead(ctx); err != nil {
			return err
		}
		return s.consume(ctx, work)
	})
	return g.Wait()
}

// tellWhenVoid tells as soon as ctx ends that nothing is known any more, unless all of serving
// ends: what was begun is still finished, which may take a while. Call done in the end, or it would
// tell of the next session.
func (s *session) tellWhenVoid(ctx, serving context.Context) (done func()) {
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(told)
		if serving.Err() == nil {
			s.health.Unready(reasonOf(context.Cause(ctx)))
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
		err := s.states.Follow(ctx, s.js, once)
		if errors.Is(err, layout.ErrState) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn().Err(err).Msg("following the states again")
		}
	}
	return nil
}
