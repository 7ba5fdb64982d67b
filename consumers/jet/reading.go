package jet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Reading reads what a stream has, in its order, and then what is written to it. Where nothing comes
// of what the server announced, it takes another consumer and asks again how much is left: the
// messages may have been replaced, purged or deleted, or the consumer may have gone with its server.
// Its methods are for one goroutine.
type Reading struct {
	js     jetstream.JetStream
	stream string
	cfg    jetstream.OrderedConsumerConfig
	cons   jetstream.Consumer
	it     jetstream.MessagesContext // of cons; nil until something is read
	unhook func() bool
	seen   uint64 // sequence of the last message
	quiet  time.Duration
}

// ErrNoneLeft says that everything the server announced has been read, or is no longer there.
var ErrNoneLeft = errors.New("no message is left")

// firstQuiet and mostQuiet are how long nothing may come of what was announced: a second at first,
// then twice as long each time, so that a server that is slow is not asked anew for ever.
const (
	firstQuiet = time.Second
	mostQuiet  = 30 * time.Second
)

// followBounds bounds what is under way to us, in messages and bytes: above the client's own limit
// reading gets ten times slower. With a limit of bytes alone the client would make room for a
// million messages, 8 MB of it, for every reading.
var followBounds = jetstream.PullMaxMessagesWithBytesLimit(8192, 8<<20)

// Abandoned is how long the server keeps a consumer that nobody asks any more. Whoever is killed
// leaves one, a stream takes a thousand, and the usual five minutes would let an instance that is
// killed every second lock itself out.
const Abandoned = 30 * time.Second

// Read opens a Reading, and says how many messages the server announces.
func Read(
	ctx context.Context,
	js jetstream.JetStream,
	stream string,
	cfg jetstream.OrderedConsumerConfig,
) (r *Reading, pending uint64, err error) {
	r = &Reading{js: js, stream: stream, cfg: cfg, quiet: firstQuiet}
	if err := r.open(ctx); err != nil {
		return nil, 0, err
	}
	return r, r.cons.CachedInfo().NumPending, nil
}

// open takes a consumer for what comes after the last message that was read. Where there is none to
// be had, the one that r has stays.
func (r *Reading) open(ctx context.Context) error {
	cfg := r.cfg
	if r.seen > 0 {
		cfg.DeliverPolicy, cfg.OptStartTime = jetstream.DeliverByStartSequencePolicy, nil
		cfg.OptStartSeq = r.seen + 1
	}
	cfg.InactiveThreshold = Abandoned
	cons, err := r.js.OrderedConsumer(ctx, r.stream, cfg)
	if err != nil {
		return fmt.Errorf("stream %s: %w", r.stream, err)
	}
	r.Stop()
	r.cons = cons
	return nil
}

// Next is the next of the messages that the server announced, ErrNoneLeft where there is none, or an
// error of the server or of ctx.
func (r *Reading) Next(ctx context.Context) (jetstream.Msg, *jetstream.MsgMetadata, error) {
	for {
		m, meta, err := r.next(ctx, jetstream.NextMaxWait(r.quiet))
		if !errors.Is(err, nats.ErrTimeout) {
			r.quiet = firstQuiet
			return m, meta, err
		}
		r.quiet = min(2*r.quiet, mostQuiet)
		err = r.open(ctx)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			return nil, nil, err
		case err == nil && r.cons.CachedInfo().NumPending == 0:
			return nil, nil, ErrNoneLeft
		}
	}
}

// Follow is the next message, whenever it is written.
func (r *Reading) Follow(ctx context.Context) (jetstream.Msg, *jetstream.MsgMetadata, error) {
	return r.next(ctx, jetstream.NextContext(ctx))
}

func (r *Reading) next(ctx context.Context, until jetstream.NextOpt) (jetstream.Msg, *jetstream.MsgMetadata, error) {
	for ctx.Err() == nil {
		if r.it == nil {
			it, err := r.cons.Messages(followBounds)
			if err != nil {
				return nil, nil, fmt.Errorf("stream %s: %w", r.stream, err)
			}
			// An iterator that is stopped while it opens itself again would wait for ever without.
			r.it, r.unhook = it, context.AfterFunc(ctx, it.Stop)
		}
		m, err := r.it.Next(until)
		var meta *jetstream.MsgMetadata
		if err == nil {
			meta, err = m.Metadata()
		}
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, jetstream.ErrNoHeartbeat): // the server is away for a moment; the consumer goes on
		case err != nil:
			return nil, nil, fmt.Errorf("stream %s: %w", r.stream, err)
		default:
			r.seen = meta.Sequence.Stream
			return m, meta, nil
		}
	}
	return nil, nil, ctx.Err()
}

// Stop ends the reading.
func (r *Reading) Stop() {
	if r.it != nil {
		r.unhook()
		r.it.Stop()
		r.it = nil
	}
}
