package consumers

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// headerPin names the pinned instance of a priority group in what the server sends it.
const headerPin = "Nats-Pin-Id"

// tellHealth lets the log say when the consumer turns ready, and when it stops being so, until the
// returned function is called.
func (c *Config) tellHealth() (stop func()) {
	c.Health.Running(c.Engine.Ruleset)
	log := c.Log
	c.Health.OnTurn(func(reasons []string) {
		switch {
		case len(reasons) == 0:
			log.Info().Msg("ready")
		case !slices.Contains(reasons, health.Stopping): // who stops it knows
			log.Warn().Strs("reasons", reasons).Msg("not ready")
		}
	})
	return func() { c.Health.OnTurn(nil) }
}

// observe looks at what waits, in a goroutine of its own and on the server, until the returned
// function is called: sessions that end before they consume would never tell.
func (c *Config) observe(ctx context.Context, nc *nats.Conn) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			wait := jet.LookEvery
			if !c.look(ctx, nc) {
				wait /= 4 // the consumer may be about to be made
			}
			jet.Sleep(ctx, wait)
		}
	})
	return func() { cancel(); running.Wait(); c.Health.Blind() }
}

// look reads what the metrics show of the server. It tells whether that is known now.
func (c *Config) look(ctx context.Context, nc *nats.Conn) bool {
	js, err := jet.New(nc, c.Domain, jetstream.WithDefaultTimeout(jet.RequestTimeout))
	if err != nil || !nc.IsConnected() {
		c.Health.Blind()
		return false
	}
	at := time.Now()
	w, now, err := readWaiting(ctx, js)
	if jet.Silent(err) { // the rest would wait as long
		c.Health.Blind()
		return false
	}
	c.Health.See(at, w, storedLetters(ctx, js), copyLag(ctx, js, now), auditLag(ctx, js, now))
	return w != nil
}

// readWaiting is what is not decided, and the server's time; nil where that cannot be read.
func readWaiting(ctx context.Context, js jetstream.JetStream) (*health.Waiting, time.Time, error) {
	cons, err := js.Consumer(ctx, layout.StreamFHIR, layout.Durable)
	if err != nil {
		return nil, time.Time{}, err
	}
	info := cons.CachedInfo()
	w := &health.Waiting{Undecided: info.NumPending + uint64(info.NumAckPending), InFlight: uint64(info.NumAckPending)}
	for _, g := range info.PriorityGroups {
		w.Pin = g.PinnedClientID
	}
	if w.Undecided == 0 {
		return w, info.TimeStamp, nil
	}
	stored, err := nextStored(ctx, js, layout.StreamFHIR, info.AckFloor.Stream, layout.SubjectInbound+">")
	if err != nil {
		return nil, info.TimeStamp, err
	}
	w.Oldest = ageOf(stored, info.TimeStamp)
	return w, info.TimeStamp, nil
}

// ageOf is more than 0 for whatever there is.
func ageOf(stored, now time.Time) time.Duration {
	if stored.IsZero() {
		return 0
	}
	return max(time.Nanosecond, now.Sub(stored))
}

// nextStored tells when the next message after a sequence was stored; zero when there is none.
func nextStored(ctx context.Context, js jetstream.JetStream, name string, after uint64, subject string) (
	time.Time, error,
) {
	stream, err := js.Stream(ctx, name)
	if err != nil {
		return time.Time{}, err
	}
	m, err := stream.GetMsg(ctx, after+1, jetstream.WithGetMsgSubject(subject))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return m.Time, nil
}

// storedLetters is how many dead letters are stored; nil where that cannot be read.
func storedLetters(ctx context.Context, js jetstream.JetStream) *uint64 {
	stream, err := js.Stream(ctx, layout.StreamDead)
	if err != nil {
		return nil
	}
	return &stream.CachedInfo().State.Msgs
}

// auditLag is the age of the first transition for audit that is still in RLS; nil where that cannot
// be read.
func auditLag(ctx context.Context, js jetstream.JetStream, now time.Time) *time.Duration {
	stored, err := nextStored(ctx, js, layout.StreamRLS, 0, layout.SubjectAudit+">")
	if err != nil || now.IsZero() {
		return nil
	}
	age := ageOf(stored, now)
	return &age
}

// copyLag is the age of the first committed transition that RLS_FLAGS does not have; nil where that
// cannot be read.
func copyLag(ctx context.Context, js jetstream.JetStream, now time.Time) *time.Duration {
	flags, err := js.Stream(ctx, layout.StreamFlags)
	if err != nil {
		return nil
	}
	var copied uint64
	switch m, err := flags.GetLastMsgForSubject(ctx, layout.SubjectFlags+">"); {
	case err == nil:
		copied = jet.SourceSequence(m.Header)
	case !errors.Is(err, jetstream.ErrMsgNotFound):
		return nil
	}
	stored, err := nextStored(ctx, js, layout.StreamRLS, copied, layout.SubjectCommitFlags+">")
	if err != nil || now.IsZero() {
		return nil
	}
	age := ageOf(stored, now)
	return &age
}
