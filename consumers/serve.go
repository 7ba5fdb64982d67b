package consumers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir"
)

// Config of Serve.
type Config struct {
	// URL and Options say how to connect to a NATS server; not used with Embedded.
	URL     string
	Options []nats.Option
	// Domain is where the streams for others are, when those are in another account.
	Domain jet.Domain
	// Embedded is a server of this process, from embedded.Start. The caller stops it after Serve has
	// returned.
	Embedded *embedded.Embedded

	Engine *fold.Engine
	Reader fhir.Options // Now is set by Serve
	// AsOf freezes the as-of time; zero is the real time. Frozen, there are no timers.
	AsOf     time.Time
	Replicas int           // of streams that have to be made; 0 is 1
	Audit    time.Duration // how long transitions are kept; 0 is DefaultAudit
	// Dead is how long dead letters are kept; 0 is DefaultDead where their stream has to be made,
	// and as it is where it is there.
	Dead time.Duration
	// Batch is the most inputs that are decided together; 0 is 900.
	Batch int
	// Feedback tells that this process takes feedback on cards, which needs a stream of its own.
	Feedback bool
	// Health is told how it goes; nil is allowed.
	Health *health.Health
	// Known lets others in the process read what is known; nil is allowed.
	Known *commit.Known
	Log   zerolog.Logger
}

// defaultBatch fills an atomic batch without many going over into a second one.
const defaultBatch = 900

// grace is how long what is in flight may take when Serve is told to stop.
const grace = 8 * time.Second

// Serve consumes the inbound stream until ctx ends: takes no more then, finishes what is in flight,
// and returns nil. Faults of the server or the connection are waited out; an error is one that
// needs a human.
func Serve(ctx context.Context, cfg Config) error {
	if cfg.Batch <= 0 {
		cfg.Batch = defaultBatch
	}
	if cfg.Audit <= 0 {
		cfg.Audit = layout.DefaultAudit
	}
	if cfg.Health == nil {
		cfg.Health = health.New()
	}
	cfg.tellQuiet()
	if cfg.Engine.MaxTouch == 0 {
		e := *cfg.Engine
		e.MaxTouch = commit.ReachAtOnce
		cfg.Engine = &e
	}
	nc, err := cfg.connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	if cfg.Embedded != nil {
		cfg.Domain = cfg.Embedded.Domain()
		cfg.Embedded.WatchDisk(func(fine, again bool) {
			if again {
				cfg.Health.Unready(health.StartingOver)
			}
			cfg.Health.Disk(fine)
		})
		defer cfg.Embedded.WatchDisk(nil)
	}
	defer cfg.tellHealth()()
	defer cfg.observe(ctx, nc)()
	// at once; what is in flight is finished after it
	defer context.AfterFunc(ctx, func() { cfg.Health.Unready(health.Stopping) })()
	r := &run{cfg: &cfg, nc: nc}
	for wait := jet.NewBackoff(); ; {
		jet.Reached(ctx, nc)
		began := time.Now()
		err := r.session(ctx)
		switch {
		case ctx.Err() != nil:
			cfg.Health.Unready(health.Stopping)
			return nil
		case errors.Is(err, layout.ErrOtherKey),
			errors.Is(err, layout.ErrNewerFormat),
			errors.Is(err, layout.ErrHistoryGone),
			errors.Is(err, layout.ErrImporting):
			return err
		case nc.IsClosed():
			return jet.ClosedBy(nc.LastError(), cfg.URL)
		}
		cfg.failed(err)
		cfg.Log.Error().Err(err).Msg("starting over")
		if time.Since(began) > time.Minute {
			wait = jet.NewBackoff()
		}
		wait.Sleep(ctx)
	}
}

func (c *Config) connect() (*nats.Conn, error) {
	reach := &jet.Reach{Log: c.Log, Server: c.URL, Connected: c.Health.Connected}
	opts := append(append(reach.Options(),
		nats.Name("rlsguard"), nats.ReconnectBufSize(-1),
		nats.PingInterval(5*time.Second), nats.MaxPingsOutstanding(2), // a half-open link is noticed within 15 s
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			// mostly the server's word that a request is filled; a message would be delivered again
			if errors.Is(err, nats.ErrSlowConsumer) {
				c.Log.Debug().Err(err).Msg("NATS")
				return
			}
			if errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), `"`+nats.InboxPrefix) {
				c.Log.Error().Err(err).Msg("this user may not receive replies there: give --inbox-prefix, " +
					"which is _INBOX_ and the user's name with deploy/accounts.conf")
				return
			}
			c.Log.Warn().Err(err).Msg("NATS")
		}),
	), c.Options...)
	var nc *nats.Conn
	var err error
	if c.Embedded != nil {
		nc, err = c.Embedded.Connect(opts...)
	} else {
		nc, err = nats.Connect(c.URL, opts...)
	}
	if err != nil {
		return nil, fmt.Errorf("connecting to NATS: %w", err)
	}
	reach.Watch(nc)
	c.Health.Connected(nc.IsConnected())
	return nc, nil
}
