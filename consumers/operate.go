package consumers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoStates tells that a server has no states of rlsguard.
var ErrNoStates = errors.New("nothing of rlsguard is stored on this server: rlsguard serve has not run here")

// Operator does what operators need: dead letters, verification, export and import, erasure. It works beside running instances, and needs
// more rights than an instance for all but dead letters: to purge, and to make streams.
type Operator struct {
	nc    *nats.Conn
	js    jetstream.JetStream
	store *jetStore
}

// operatorTimeout is that of one request: longer than an instance's, since nobody waits for the next one.
const operatorTimeout = 10 * time.Second

// NewOperator works over a connection, which stays the caller's.
func NewOperator(nc *nats.Conn) (*Operator, error) {
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(operatorTimeout))
	if err != nil {
		return nil, err
	}
	return &Operator{nc: nc, js: js, store: &jetStore{nc: nc, js: js, timeout: operatorTimeout}}, nil
}

// site is the record of the site whose key is given. Its errors are ErrNoStates, ErrOtherKey, ErrNewerFormat and those of the server.
func (o *Operator) site(ctx context.Context, key []byte) (*site, error) {
	have, err := readSite(ctx, o.js)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound), err == nil && have == nil:
		return nil, ErrNoStates
	case err != nil:
		return nil, err
	}
	return have, have.fits(key)
}

// abandoned is how long the server keeps a consumer that nobody asks any more. Whoever is killed leaves one, a stream takes a thousand, and
// the usual five minutes would let an instance that is killed every second lock itself out.
const abandoned = 30 * time.Second

// ordered opens an ordered consumer. One that the server gave up meanwhile is made again where it was.
func ordered(ctx context.Context, js jetstream.JetStream, stream string, cfg jetstream.OrderedConsumerConfig) (jetstream.Consumer, error) {
	cfg.InactiveThreshold = abandoned
	return js.OrderedConsumer(ctx, stream, cfg)
}

// each calls do with what a stream has, in its order, until there is no more. What is written meanwhile is read too, so that at the end
// all messages under one subject have been seen up to the newest.
func each(ctx context.Context, js jetstream.JetStream, stream string, cfg jetstream.OrderedConsumerConfig, do func(jetstream.Msg, *jetstream.MsgMetadata) error) error {
	cons, err := ordered(ctx, js, stream, cfg)
	if err != nil {
		return fmt.Errorf("stream %s: %w", stream, err)
	}
	if cons.CachedInfo().NumPending == 0 {
		return nil
	}
	it, err := cons.Messages(jetstream.PullMaxBytes(followBytes))
	if err != nil {
		return fmt.Errorf("stream %s: %w", stream, err)
	}
	defer context.AfterFunc(ctx, it.Stop)()
	defer it.Stop()
	for next := jetstream.NextContext(ctx); ; {
		m, err := it.Next(next)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			continue // the server is away for a moment; the consumer goes on where it was
		case err != nil:
			return fmt.Errorf("stream %s: %w", stream, err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("stream %s: %w", stream, err)
		}
		if err := do(m, meta); err != nil || meta.NumPending == 0 {
			return err
		}
	}
}

// messagesOf is how many messages a stream has; 0 when it is not there.
func (o *Operator) messagesOf(ctx context.Context, stream string) (uint64, error) {
	s, err := o.js.Stream(ctx, stream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("stream %s: %w", stream, err)
	}
	return s.CachedInfo().State.Msgs, nil
}
