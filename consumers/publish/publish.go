package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

const (
	// window is how many messages may wait for their acknowledgement.
	window = 1000
	// batchBytes bounds what goes in one batch.
	batchBytes = 4 << 20
	// publishTimeout is how long an acknowledgement may take.
	publishTimeout = 30 * time.Second
)

// Publisher puts documents on the inbound subjects. What is waiting goes in one atomic batch where
// the stream takes those: a server that syncs always then syncs once for all of it.
type Publisher struct {
	js      jetstream.JetStream
	store   *jet.JetStore // only to send batches
	limit   int
	batches bool
	queue   chan message
	ended   chan struct{}
	giveUp  context.CancelFunc // on what is waited for
	waiting sync.WaitGroup

	epoch int64     // creation of the stream FHIR, Unix nanoseconds
	since time.Time // the server's, before anything was published

	mu     sync.Mutex
	sent   int
	stored origins // where it came from
	err    error
}

// New makes a publisher in a domain, of which there is at most one. The stream FHIR is
// made when it is not there.
func New(ctx context.Context, nc *nats.Conn, in ...jet.Domain) (*Publisher, error) {
	js, err := jet.New(
		nc,
		jet.OnlyDomain(in),
		jetstream.WithPublishAsyncMaxPending(window),
		jetstream.WithPublishAsyncTimeout(publishTimeout),
	)
	if err != nil {
		return nil, err
	}
	p := &Publisher{js: js, store: &jet.JetStore{Nc: nc, Js: js, Timeout: publishTimeout}, limit: int(nc.MaxPayload()),
		queue: make(chan message, window), ended: make(chan struct{})}
	if err := jet.MakeStream(ctx, js, layout.StreamConfigs(1)[0]); err != nil {
		return nil, err
	}
	s, err := js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	info := s.CachedInfo()
	p.batches, p.epoch, p.since = info.Config.AllowAtomicPublish, info.Created.UnixNano(), info.TimeStamp
	// until Close: what is sent late still counts for Flush
	sending, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	p.giveUp = giveUp
	go p.run(sending)
	return p, nil
}

// Publish sends one document, as several messages when it is a Bundle over the server's limit. It
// waits for earlier acknowledgements only when too many are missing; an error may be that of an
// earlier document.
func (p *Publisher) Publish(ctx context.Context, data []byte) error {
	return p.PublishFrom(ctx, Origin{}, data)
}

// PublishFrom is Publish for a document whose origin Rejected shall tell.
func (p *Publisher) PublishFrom(ctx context.Context, from Origin, data []byte) error {
	msgs, err := Split(data, p.limit)
	if err != nil {
		return err
	}
	for _, m := range msgs {
		m.from = from
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

// run sends what is waiting, and whatever came meanwhile, until the queue is closed. After a
// failure it sends nothing more.
func (p *Publisher) run(ctx context.Context) {
	defer close(p.ended)
	for m := range p.queue {
		batch := p.gather(m)
		if p.failed() == nil {
			seqs, err := p.deliver(ctx, batch)
			p.mu.Lock()
			if err != nil {
				p.err = fmt.Errorf("publishing: %w", err)
			}
			for i, seq := range seqs {
				p.stored.add(seq, batch[i].from)
			}
			p.sent += len(seqs)
			p.mu.Unlock()
		}
		for range batch {
			p.waiting.Done()
		}
	}
}

func (p *Publisher) gather(first message) []message {
	batch, size := []message{first}, len(first.Data)
	for len(batch) < window && size < batchBytes {
		select {
		case m, open := <-p.queue:
			if !open {
				return batch
			}
			batch, size = append(batch, m), size+len(m.Data)
		default:
			return batch
		}
	}
	return batch
}

// deliver returns the sequence of each message, once all are stored.
func (p *Publisher) deliver(ctx context.Context, batch []message) ([]uint64, error) {
	if !p.batches {
		return p.deliverSingly(ctx, batch)
	}
	msgs := make([]*nats.Msg, len(batch))
	for i, m := range batch {
		msgs[i] = &nats.Msg{Subject: m.Subject, Data: m.Data, Header: nats.Header{}}
	}
	first, err := p.store.Write(ctx, msgs)
	var refused *jetstream.APIError
	if errors.As(err, &refused) { // none is stored; others may hold all the batches that a stream takes at once
		return p.deliverSingly(ctx, batch)
	}
	if err != nil {
		return nil, err
	}
	seqs := make([]uint64, len(batch))
	for i := range seqs {
		seqs[i] = first + uint64(i)
	}
	return seqs, nil
}

func (p *Publisher) deliverSingly(ctx context.Context, batch []message) ([]uint64, error) {
	acks := make([]jetstream.PubAckFuture, 0, len(batch))
	for _, m := range batch {
		f, err := p.js.PublishMsgAsync(
			&nats.Msg{Subject: m.Subject, Data: m.Data},
			jetstream.WithStallWait(publishTimeout),
		)
		if err != nil {
			return nil, err
		}
		acks = append(acks, f)
	}
	seqs := make([]uint64, 0, len(batch))
	var err error
	for _, f := range acks {
		select {
		case ack := <-f.Ok():
			seqs = append(seqs, ack.Sequence)
		case failed := <-f.Err():
			err = failed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	return seqs, nil
}

func (p *Publisher) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Flush waits until everything sent is acknowledged, and tells how many messages that were. Where
// ctx ends first, so many were acknowledged by then, and the error is that of ctx.
func (p *Publisher) Flush(ctx context.Context) (int, error) {
	all := make(chan struct{})
	go func() {
		defer close(all)
		p.waiting.Wait()
	}()
	var ended error
	select {
	case <-all:
	case <-ctx.Done():
		ended = fmt.Errorf("publishing: %w", ctx.Err())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent, cmp.Or(p.err, ended)
}

// Close ends the publisher, not its connection, and gives up on what is not acknowledged. Nothing
// may be published after it.
func (p *Publisher) Close() {
	p.giveUp()
	close(p.queue)
	<-p.ended
	p.js.CleanupPublisher()
}
