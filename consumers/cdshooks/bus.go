package cdshooks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// NATS is the Bus on a NATS server.
type NATS struct {
	// Key is the site key: flags that rlsguard did not write are left out. Without it that is not
	// checked.
	Key []byte

	nc       *nats.Conn
	in       jet.Domain
	js       jetstream.JetStream
	replicas int
	keep     time.Duration

	mu       sync.Mutex
	prepared bool
	refused  time.Time // when the stream was missing and could not be made
}

// remakeAfter is how long after a refusal the stream is made again: whoever may not make it gets no
// answer, and the server logs a violation each time.
const remakeAfter = time.Minute

const busTimeout = 5 * time.Second

// NewNATS makes a bus on a connection, which need not be up yet. The stream of feedback gets so
// many replicas, and what is in it stays for keep. There is at most one domain.
func NewNATS(nc *nats.Conn, replicas int, keep time.Duration, in ...jet.Domain) (*NATS, error) {
	js, err := jet.New(nc, jet.OnlyDomain(in), jetstream.WithDefaultTimeout(busTimeout))
	if err != nil {
		return nil, err
	}
	return &NATS{nc: nc, in: jet.OnlyDomain(in), js: js, replicas: max(replicas, 1), keep: keep}, nil
}

// Prepare makes the stream of feedback when it is missing; one that is there is left as it is.
// Whoever does not call it gets the stream with the first feedback.
func (b *NATS) Prepare(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.prepared {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	if time.Since(b.refused) < remakeAfter { // asking again would only log another violation
		if _, err := b.js.Stream(ctx, layout.StreamFeedback); err != nil {
			return fmt.Errorf("stream %s: %w: run rlsguard setup", layout.StreamFeedback, err)
		}
		b.prepared = true
		return nil
	}
	err := jet.MakeFeedback(ctx, b.js, b.replicas, b.keep)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		b.refused = time.Now()
		return fmt.Errorf("%w: run rlsguard setup", err)
	}
	b.prepared = err == nil
	return err
}

// Feedback implements Bus.
func (b *NATS) Feedback(ctx context.Context, f Feedback) error {
	if err := b.Prepare(ctx); err != nil {
		return err
	}
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if _, err := b.js.Publish(ctx, layout.SubjectFeedback+f.Outcome+"."+cmp.Or(f.Check, "unknown"), data); err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFeedback, err)
	}
	return nil
}

// Acknowledge implements Bus.
func (b *NATS) Acknowledge(ctx context.Context, detectedIssue []byte) error {
	if _, err := b.js.Publish(ctx, layout.SubjectAcknowledge, detectedIssue); err != nil {
		return fmt.Errorf("%s: %w", layout.SubjectAcknowledge, err)
	}
	return nil
}

// FindFlag implements Bus. It reads all open flags: it is for the rare feedback on a card that this
// process does not know any more.
func (b *NATS) FindFlag(ctx context.Context, match func(*checks.Flag) bool) (*checks.Flag, error) {
	var found *checks.Flag
	err := watch.Watch(ctx, b.nc, watch.Options{Once: true, Domain: b.in, Key: b.Key}, func(open []checks.Flag) error {
		for i := range open {
			if match(&open[i]) {
				found = &open[i]
				break
			}
		}
		return nil
	}, nil)
	return found, err
}
