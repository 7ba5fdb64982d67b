package page

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// ErrNotAllowed tells that answers are not taken, or that the user of the page may not send them.
var ErrNotAllowed = errors.New("answers are not taken here")

// Bus is a page's source on NATS. Reading and answering may be two users, since silencing is a right
// of its own.
type Bus struct {
	Read   *nats.Conn // may read RLS_FLAGS and hear rls.flags.>
	Domain jet.Domain
	// Write may publish on fhir.DetectedIssue; nil: nobody answers.
	Write *nats.Conn
	// Denials are what the server refused on either connection; nil: nobody listens for them.
	Denials *Denials
}

// Watch follows the flags.
func (b *Bus) Watch(ctx context.Context, s Sight) error {
	return watch.Watch(
		ctx, b.Read, watch.Options{Domain: b.Domain, Blind: s.Blind, Seeing: s.Seeing}, s.Open, s.Live,
	)
}

// MayAnswer tells that there is a user who answers.
func (b *Bus) MayAnswer() bool { return b.Write != nil }

// answerTimeout is how long the server may take to store an answer.
const answerTimeout = 5 * time.Second

// Answer stores the answer where the consumer reads it.
func (b *Bus) Answer(ctx context.Context, issue []byte) error {
	if b.Write == nil {
		return ErrNotAllowed
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	js, err := jetstream.New(b.Write)
	if err != nil {
		return err
	}
	defer b.Denials.onDenial(layout.SubjectAcknowledge, cancel)()
	if _, err := js.Publish(ctx, layout.SubjectAcknowledge, issue); err != nil {
		if b.Denials.denied(layout.SubjectAcknowledge) {
			return ErrNotAllowed
		}
		return fmt.Errorf("%s: %w", layout.SubjectAcknowledge, err)
	}
	return nil
}

// Inputs counts what waits and was rejected, as far as this user may know.
func (b *Bus) Inputs(ctx context.Context) Inputs {
	in := Inputs{-1, -1}
	for _, nc := range []*nats.Conn{b.Read, b.Write} {
		if nc == nil || !nc.IsConnected() {
			continue
		}
		js, err := jet.New(nc, b.Domain, jetstream.WithDefaultTimeout(time.Second))
		if err != nil {
			continue
		}
		if in.Waiting < 0 && !b.Denials.denied("CONSUMER.INFO."+layout.StreamFHIR) {
			if c, err := js.Consumer(ctx, layout.StreamFHIR, layout.Durable); err == nil {
				info := c.CachedInfo()
				in.Waiting = int64(info.NumPending) + int64(info.NumAckPending)
			}
		}
		if in.Rejected < 0 && !b.Denials.denied("STREAM.INFO."+layout.StreamRejected) {
			if s, err := js.Stream(ctx, layout.StreamRejected); err == nil {
				in.Rejected = int64(s.CachedInfo().State.Msgs)
			}
		}
	}
	return in
}

// Close closes the connections.
func (b *Bus) Close() {
	for _, nc := range []*nats.Conn{b.Read, b.Write} {
		if nc != nil {
			nc.Close()
		}
	}
}
