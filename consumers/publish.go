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

const (
	// window is how many messages may wait for their acknowledgement.
	window = 1000
	// batchBytes bounds what goes in one batch.
	batchBytes = 4 << 20
	// publishTimeout is how long an acknowledgement may take.
	publishTimeout = 30 * time.Second
)

// Publisher puts documents on the inbound subjects. What is waiting goes in one atomic batch where the stream takes those: a
// server that syncs always then syncs once for all of it.
type Publisher struct {
	js      jetstream.JetStream
	store   *jetStore // only to send batches
	limit   int
	batches bool
	queue   chan message
	ended   chan struct{}
	waiting sync.WaitGroup

	mu   sync.Mutex
	sent int
	last uint64
	err  error
}

// NewPublisher makes a publisher. The stream FHIR is made when it is not there.
func NewPublisher(ctx context.Context, nc *nats.Conn) (*Publisher, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(window), jetstream.WithPublishAsyncTimeout(publishTimeout))
	if err != nil {
		return nil, err
	}
	p := &Publisher{js: js, store: &jetStore{nc: nc, js: js, timeout: publishTimeout}, limit: int(nc.MaxPayload()),
		queue: make(chan message, window), ended: make(chan struct{})}
	if err := makeStream(ctx, js, streamConfigs(1)[0]); err != nil {
		return nil, err
	}
	s, err := js.Stream(ctx, StreamFHIR)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", StreamFHIR, err)
	}
	p.batches = s.CachedInfo().Config.AllowAtomicPublish
	go p.run()
	return p, nil
}

// Publish sends one document, as several messages when it is a Bundle over the server's limit. It waits for earlier
// acknowledgements only when too many are missing; an error may be that of an earlier document.
func (p *Publisher) Publish(ctx context.Context, data []byte) error {
	msgs, err := split(data, p.limit)
	if err != nil {
		return err
	}
	for _, m := range msgs {
		if err := p.failed(); err != nil {
			return err
		}
		p.waiting.Add(1)
		select {
		case p.queue <- m:
		case <-ctx.Done():
			p.waiting.Done()
			return ctx.Err()
		}
	}
	return nil
}

// run sends what is waiting, and whatever came meanwhile, until the queue is closed. After a failure it sends nothing more.
func (p *Publisher) run() {
	defer close(p.ended)
	for m := range p.queue {
		batch := p.gather(m)
		if p.failed() == nil {
			last, err := p.deliver(batch)
			p.mu.Lock()
			if err != nil {
				p.err = fmt.Errorf("publishing: %w", err)
			} else {
				p.sent, p.last = p.sent+len(batch), max(p.last, last)
			}
			p.mu.Unlock()
		}
		for range batch {
			p.waiting.Done()
		}
	}
}

func (p *Publisher) gather(first message) []message {
	batch, size := []message{first}, len(first.data)
	for len(batch) < window && size < batchBytes {
		select {
		case m, open := <-p.queue:
			if !open {
				return batch
			}
			batch, size = append(batch, m), size+len(m.data)
		default:
			return batch
		}
	}
	return batch
}

// deliver returns the sequence of the last message, once all are stored.
func (p *Publisher) deliver(batch []message) (uint64, error) {
	if !p.batches {
		return p.deliverSingly(batch)
	}
	msgs := make([]*nats.Msg, len(batch))
	for i, m := range batch {
		msgs[i] = &nats.Msg{Subject: m.subject, Data: m.data, Header: nats.Header{}}
	}
	first, err := p.store.Write(context.Background(), msgs)
	return first + uint64(len(batch)) - 1, err
}

func (p *Publisher) deliverSingly(batch []message) (last uint64, err error) {
	acks := make([]jetstream.PubAckFuture, 0, len(batch))
	for _, m := range batch {
		f, err := p.js.PublishMsgAsync(&nats.Msg{Subject: m.subject, Data: m.data}, jetstream.WithStallWait(publishTimeout))
		if err != nil {
			return 0, err
		}
		acks = append(acks, f)
	}
	for _, f := range acks {
		select {
		case ack := <-f.Ok():
			last = max(last, ack.Sequence)
		case failed := <-f.Err():
			err = failed
		}
	}
	return last, err
}

func (p *Publisher) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Flush waits until everything sent is acknowledged, and tells how many messages that were.
func (p *Publisher) Flush() (int, error) {
	p.waiting.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent, p.err
}

// Close ends the publisher, not its connection. Nothing may be published after it.
func (p *Publisher) Close() {
	close(p.queue)
	<-p.ended
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
