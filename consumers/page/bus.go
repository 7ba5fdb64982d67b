package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/timeline"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// errNotAllowed: answers are not accepted, or the page's user may not send them.
var errNotAllowed = errors.New("answers are not taken here")

// Bus is a page's source on NATS. Reading and answering may be two users, since silencing needs its
// own right.
type Bus struct {
	Read   *Link // may read RLS_FLAGS, hear rls.flags.> and, for timelines, ask rls.patient
	Domain jet.Domain
	// Key is the site key, to leave out flags rlsguard did not write. Without it that is not
	// checked.
	Key []byte
	// Write may publish on fhir.DetectedIssue; if nil, nobody can answer.
	Write *Link
}

// Watch follows the flags.
func (b *Bus) Watch(ctx context.Context, s Sight) error {
	return watch.Watch(
		ctx, b.Read.Conn, watch.Options{
			Domain: b.Domain, Key: b.Key, LeftOut: s.LeftOut, Moved: s.Moved, Blind: s.Blind, Seeing: s.Seeing,
		},
		s.Open, s.Live,
	)
}

// MayAnswer reports whether there is a user who can answer.
func (b *Bus) MayAnswer() bool { return b.Write != nil }

// timelineTimeout limits the wait for a patient; after it the page shows the flags alone.
const timelineTimeout = 3 * time.Second

// subjectPatient is where timelines are asked for.
const subjectPatient = "rls.patient"

// Timeline asks for the patient of a flag.
func (b *Bus) Timeline(ctx context.Context, flag string) (*timeline.Patient, error) {
	if b.Read.denied(subjectPatient) {
		return nil, errNotAllowed
	}
	ctx, cancel := context.WithTimeout(ctx, timelineTimeout)
	defer cancel()
	defer b.Read.onDenial(subjectPatient, cancel)()
	question, err := json.Marshal(map[string]string{"flag": flag})
	if err != nil {
		return nil, err
	}
	m, err := b.Read.RequestWithContext(ctx, subjectPatient, question)
	switch {
	case b.Read.denied(subjectPatient):
		return nil, errNotAllowed
	case err != nil:
		return nil, fmt.Errorf("%s: %w", subjectPatient, err)
	case m.Header.Get(micro.ErrorCodeHeader) != "":
		return nil, fmt.Errorf("%s: error %s", subjectPatient, m.Header.Get(micro.ErrorCodeHeader))
	}
	p := &timeline.Patient{}
	if json.Unmarshal(m.Data, p) != nil { // its error could repeat what is in it
		return nil, fmt.Errorf("%s: the answer cannot be read", subjectPatient)
	}
	return p, nil
}

// answerTimeout is how long the server may take to store an answer.
const answerTimeout = 5 * time.Second

// Answer stores the answer where the consumer reads it.
func (b *Bus) Answer(ctx context.Context, issue []byte) error {
	if b.Write == nil {
		return errNotAllowed
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	js, err := jetstream.New(b.Write.Conn)
	if err != nil {
		return err
	}
	defer b.Write.onDenial(layout.SubjectAcknowledge, cancel)()
	if _, err := js.Publish(ctx, layout.SubjectAcknowledge, issue); err != nil {
		if b.Write.denied(layout.SubjectAcknowledge) {
			return errNotAllowed
		}
		return fmt.Errorf("%s: %w", layout.SubjectAcknowledge, err)
	}
	return nil
}

// Inputs counts waiting and rejected inputs, as far as the page's users may know.
func (b *Bus) Inputs(ctx context.Context) Inputs {
	in := Inputs{-1, -1}
	for _, l := range []*Link{b.Read, b.Write} {
		if l == nil || !l.IsConnected() {
			continue
		}
		js, err := jet.New(l.Conn, b.Domain, jetstream.WithDefaultTimeout(inputsTimeout))
		if err != nil {
			continue
		}
		if in.Waiting < 0 {
			l.ask(ctx, "CONSUMER.INFO."+layout.StreamFHIR, func(ctx context.Context) {
				if c, err := js.Consumer(ctx, layout.StreamFHIR, layout.Durable); err == nil {
					info := c.CachedInfo()
					in.Waiting = int64(info.NumPending) + int64(info.NumAckPending)
				}
			})
		}
		if in.Rejected < 0 {
			l.ask(ctx, "STREAM.INFO."+layout.StreamRejected, func(ctx context.Context) {
				if s, err := js.Stream(ctx, layout.StreamRejected); err == nil {
					in.Rejected = int64(s.CachedInfo().State.Msgs)
				}
			})
		}
	}
	return in
}

// inputsTimeout is how long the server may take to report a figure.
const inputsTimeout = time.Second

// Close closes the connections.
func (b *Bus) Close() {
	for _, l := range []*Link{b.Read, b.Write} {
		if l != nil && l.Conn != nil {
			l.Close()
		}
	}
}
