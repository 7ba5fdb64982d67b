package consumers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir"
)

const (
	// group is the priority group of both durables: one instance is pinned, the others stand by.
	group = "rlsguard"
	// pinnedTTL after its last request the pinned instance counts as dead; it asks every
	// pullExpiry.
	pinnedTTL  = 4 * time.Second
	pullExpiry = 2 * time.Second
	ackWait    = 5 * time.Second
	// pullBytes bounds what is under way to us.
	pullBytes = 16 << 20
	// leastPull messages are asked for, however large they are.
	leastPull = 8
)

// consume takes events in until ctx ends.
func (s *session) consume(ctx, work context.Context) (err error) {
	defer func() { // what was decided at the end
		last, cancel := context.WithTimeout(work, jet.RequestTimeout)
		defer cancel()
		if failed := s.record(last, nil); failed != nil {
			s.log.Warn().Err(failed).Msg("the last decisions are not recorded: their inputs will be read again")
		}
	}()
	serving := ctx
	g, ctx := errgroup.WithContext(ctx)
	defer s.tellWhenVoid(ctx, serving)()
	g.Go(func() error { return s.keepRecord(ctx) })
	g.Go(func() error { return s.commitEvents(ctx, work) })
	g.Go(func() error { return s.watchOver(ctx) })
	g.Go(func() error { s.unacked.keepAlive(ctx); return nil })
	g.Go(func() error { return s.becomeReady(ctx) })
	read := newInputReader(s.cfg.Reader, s.epoch)
	g.Go(func() error { return s.take(ctx, layout.Durable, s.inbound, read.event) })
	if s.cfg.AsOf.IsZero() {
		g.Go(func() error { return s.take(ctx, layout.DurableDue, s.dues, dueEvent) })
	}
	return g.Wait()
}

// inbound is the durable consumer of the stream FHIR. One that was deleted goes on where all was
// decided; where it was deleted before this session began, everything is read again: that is what
// an operator who deletes it wants.
func (s *session) inbound(ctx context.Context) (jetstream.Consumer, error) {
	cfg := s.inboundConfig()
	if _, err := s.js.Consumer(ctx, layout.StreamFHIR, layout.Durable); errors.Is(err, jetstream.ErrConsumerNotFound) &&
		!s.inputs.opened {
		cfg = durable(layout.Durable, s.cfg.Batch)
	}
	cons, err := s.consumer(ctx, layout.StreamFHIR, cfg)
	s.inputs.opened = s.inputs.opened || err == nil
	return cons, err
}

// dues is the durable consumer of timers that went off.
func (s *session) dues(ctx context.Context) (jetstream.Consumer, error) {
	return s.consumer(ctx, layout.StreamRLS, s.duesConfig())
}

func durable(name string, batch int) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: name, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: 8 * batch,
		PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{group}, PinnedTTL: pinnedTTL,
	}
}

// take reads messages of a consumer into s.events until ctx ends, making the consumer again when it
// is lost.
func (s *session) take(ctx context.Context, durable string, open func(context.Context) (jetstream.Consumer, error),
	read func(jetstream.Msg) (commit.Event, error)) error {
	again := false
	for wait := jet.NewBackoff(); ctx.Err() == nil; wait.Sleep(ctx) {
		cons, err := s.openAgain(ctx, open, again)
		if errors.Is(err, jet.ErrReplaced) {
			return err
		}
		again = true
		if err == nil {
			s.health.Consuming(durable, true)
			began := time.Now()
			err = s.takeFrom(ctx, cons, read)
			if time.Since(began) > time.Minute {
				wait = jet.NewBackoff()
			}
		}
		if err != nil && ctx.Err() == nil {
			s.health.Consuming(durable, false)
			s.log.Warn().Err(err).Msg("consumer lost, opening it again")
		}
	}
	return nil
}

// openAgain opens a consumer; again, only on streams that are still the same. Another instance may
// have made them anew, or reads the inbound stream from its start to make lost states again: a
// consumer that goes on where the old one ended would pass over all before that.
func (s *session) openAgain(
	ctx context.Context,
	open func(context.Context) (jetstream.Consumer, error),
	again bool,
) (jetstream.Consumer, error) {
	if again {
		if err := s.unreplaced(ctx); err != nil {
			return nil, err
		}
	}
	return open(ctx)
}

func (s *session) takeFrom(
	ctx context.Context,
	cons jetstream.Consumer,
	read func(jetstream.Msg) (commit.Event, error),
) error {
	most := max(pullBytes, int(s.nc.MaxPayload())+64<<10)
	it, err := cons.Messages(
		jetstream.PullMaxMessagesWithBytesLimit(s.pullSize(ctx), most),
		jetstream.PullExpiry(pullExpiry),
		jetstream.PullPriorityGroup(group),
	)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, it.Drain)()
	defer it.Stop()
	inbound := cons.CachedInfo().Stream == layout.StreamFHIR
	for silent := 0; ; {
		if inbound {
			s.inputs.waits()
		}
		m, err := it.Next()
		switch {
		case ctx.Err() != nil && err != nil:
			return nil
		case ctx.Err() != nil:
			_ = m.Nak() // what is not begun is for another instance, at once
			continue
		case errors.Is(err, jetstream.ErrNoHeartbeat) && silent < 5:
			silent++ // the server may be away for a moment; the iterator asks again by itself
			continue
		case err != nil:
			return err
		}
		silent = 0
		if inbound {
			s.inputs.took(m)
			if err := s.whole(ctx, m); err != nil {
				return err
			}
		}
		ev, err := read(m)
		if err != nil {
			return err
		}
		if ev.Input != nil {
			s.health.Pinned(m.Headers().Get(headerPin))
		}
		if s.unacked.add(ctx, m) != nil {
			_ = m.Nak()
			continue
		}
		select {
		case s.events <- ev:
		case <-ctx.Done():
			_ = m.Nak()
			s.unacked.drop([]commit.Event{ev})
		}
	}
}

// pullSize is how many messages are asked for at once: two batches, fewer when they are large.
func (s *session) pullSize(ctx context.Context) int {
	stream, err := s.js.Stream(ctx, layout.StreamFHIR)
	if err != nil || stream.CachedInfo().State.Msgs == 0 {
		return 2 * s.cfg.Batch
	}
	st := stream.CachedInfo().State
	return max(leastPull, min(2*s.cfg.Batch, int(2*pullBytes/max(1, st.Bytes/st.Msgs))))
}

// inputReader turns inbound messages into inputs.
type inputReader struct {
	options fhir.Options
	epoch   int64
	reader  *fhir.Reader
	made    time.Time
}

// readerAge is how stale the clock of a reader may get, against which meta.lastUpdated is held: the
// limit there is a day.
const readerAge = 10 * time.Minute

func newInputReader(o fhir.Options, epoch int64) *inputReader {
	return &inputReader{options: o, epoch: epoch}
}

func (r *inputReader) event(m jetstream.Msg) (commit.Event, error) {
	meta, err := m.Metadata()
	if err != nil {
		return commit.Event{}, fmt.Errorf("not a JetStream message: %w", err)
	}
	if now := time.Now(); r.reader == nil || now.Sub(r.made).Abs() > readerAge {
		r.options.Now, r.made = now, now
		r.reader = fhir.NewReader(r.options)
	}
	in := &fold.Input{
		Arrival:  facts.Arrival{Epoch: r.epoch, Sequence: meta.Sequence.Stream},
		AllowAck: m.Subject() == layout.SubjectAcknowledge,
	}
	r.reader.Document(m.Data(), func(res fhir.Resource) bool {
		in.Resources = append(in.Resources, res)
		return true
	})
	return commit.Event{
		Msg:     m,
		Seq:     meta.Sequence.Stream,
		Input:   in,
		Pending: meta.NumPending,
		Stored:  meta.Timestamp,
	}, nil
}

// dueEvent reads a timer that went off. One with a token that is none of ours names nobody, and is
// only acknowledged.
func dueEvent(m jetstream.Msg) (commit.Event, error) {
	tok, _ := layout.ParseToken(strings.TrimPrefix(m.Subject(), layout.SubjectDue))
	return commit.Event{Msg: m, Due: tok}, nil
}
