package consumers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// window is how many messages may wait for their acknowledgement.
const window = 1024

// Publisher puts documents on the inbound subjects.
type Publisher struct {
	js    jetstream.JetStream
	limit int

	mu   sync.Mutex
	sent int
	last uint64
	err  error
	wg   sync.WaitGroup
}

// NewPublisher makes a publisher. The stream FHIR must be there, or may be made.
func NewPublisher(ctx context.Context, nc *nats.Conn) (*Publisher, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(window), jetstream.WithPublishAsyncTimeout(30*time.Second))
	if err != nil {
		return nil, err
	}
	if err := makeStream(ctx, js, streamConfigs(1)[0]); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, err
	}
	return &Publisher{js: js, limit: int(nc.MaxPayload())}, nil
}

// Publish sends one document, as several messages when it is a Bundle over the server's limit. It waits for earlier
// acknowledgements only when too many are missing; an error may be that of an earlier document.
func (p *Publisher) Publish(ctx context.Context, data []byte) error {
	msgs, err := split(data, p.limit)
	if err != nil {
		return err
	}
	for _, m := range msgs {
		if err := p.send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (p *Publisher) send(ctx context.Context, m message) error {
	if err := errors.Join(ctx.Err(), p.failed()); err != nil {
		return err
	}
	f, err := p.js.PublishMsgAsync(&nats.Msg{Subject: m.subject, Data: m.data}, jetstream.WithStallWait(30*time.Second))
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	p.wg.Go(func() {
		select {
		case ack := <-f.Ok():
			p.mu.Lock()
			defer p.mu.Unlock()
			p.sent++
			p.last = max(p.last, ack.Sequence)
		case err := <-f.Err():
			p.mu.Lock()
			defer p.mu.Unlock()
			p.err = fmt.Errorf("publishing: %w", err)
		}
	})
	return nil
}

func (p *Publisher) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Flush waits until everything sent is acknowledged, and tells how many messages that were.
func (p *Publisher) Flush() (int, error) {
	p.wg.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent, p.err
}

// Close ends the publisher, not its connection.
func (p *Publisher) Close() {
	p.wg.Wait()
	p.js.CleanupPublisher()
}

// Wait returns when everything that was published has been decided, and the flags are where Watch reads them. progress, which
// may be nil, is told how many messages are still to be decided.
func (p *Publisher) Wait(ctx context.Context, progress func(left uint64)) error {
	if _, err := p.Flush(); err != nil {
		return err
	}
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	for {
		floor, err := decidedUpTo(ctx, p.js)
		if err != nil {
			return err
		}
		if progress != nil {
			progress(p.last - min(p.last, floor))
		}
		if floor >= p.last {
			return shown(ctx, p.js)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
}

// decidedUpTo is the inbound sequence up to which everything has been decided. Nobody may be serving yet.
func decidedUpTo(ctx context.Context, js jetstream.JetStream) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	c, err := js.Consumer(ctx, StreamFHIR, Durable)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound), errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("consumer %s: %w", Durable, err)
	}
	return c.CachedInfo().AckFloor.Stream, nil
}
