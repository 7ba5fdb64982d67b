package jet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
)

// Reach logs how connecting to a NATS server goes: each cause of failure once, however often it is
// tried again, and the connection once it stands.
type Reach struct {
	// Log gets one warning for each cause and one line for each connection.
	Log zerolog.Logger
	// Server is the URL, or several, that failures name; credentials in it are left out.
	Server string
	// Quiet tells that somebody else says what is wrong; nil is never.
	Quiet func() bool
	// Connected is called with every change; nil is allowed.
	Connected func(yes bool)

	nc   atomic.Pointer[nats.Conn]
	mu   sync.Mutex
	told map[string]struct{}
}

// mostCauses bounds the causes that are told between two connections.
const mostCauses = 32

// Options make a connection that is tried again for ever and reported to r. The first attempt need
// not succeed.
func (r *Reach) Options() []nats.Option {
	return []nats.Option{
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.CustomReconnectDelay(r.delay),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { r.failed(err) }),
		nats.ConnectHandler(func(nc *nats.Conn) { r.connected(nc, "connected to NATS") }),
		nats.ReconnectHandler(func(nc *nats.Conn) { r.connected(nc, "connected to NATS again") }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { r.lost(err) }),
	}
}

// Watch names the connection whose failures between the dial and the first PONG, which no handler
// is called for, are told too: a TLS handshake, or a user who is refused.
func (r *Reach) Watch(nc *nats.Conn) { r.nc.Store(nc) }

// delay is how long to wait after all servers were tried.
func (r *Reach) delay(attempts int) time.Duration {
	if nc := r.nc.Load(); nc != nil {
		r.failed(nc.LastError())
	}
	return min(100*time.Millisecond<<min(attempts, 6), 5*time.Second)
}

// localEnd is this machine's end of a connection, whose port differs each time.
var localEnd = regexp.MustCompile(`\S+->`)

func (r *Reach) failed(err error) {
	// The client's word for a refused first attempt; the next one says why.
	if err == nil || errors.Is(err, nats.ErrNoServers) || r.Quiet != nil && r.Quiet() {
		return
	}
	cause := localEnd.ReplaceAllString(err.Error(), "")
	r.mu.Lock()
	_, known := r.told[cause]
	if r.told == nil {
		r.told = map[string]struct{}{}
	}
	if !known && len(r.told) < mostCauses {
		r.told[cause] = struct{}{}
	} else {
		known = true
	}
	r.mu.Unlock()
	if !known {
		r.Log.Warn().Str(
			"nats",
			WithoutCredentials(r.Server),
		).Str(
			"error",
			cause,
		).Msg(
			"cannot connect to NATS, trying again",
		)
	}
}

func (r *Reach) connected(nc *nats.Conn, what string) {
	r.mu.Lock()
	clear(r.told)
	r.mu.Unlock()
	r.tell(true)
	if r.Quiet == nil {
		r.Log.Info().Str(
			"nats",
			nc.ConnectedAddr(),
		).Str(
			"server",
			nc.ConnectedServerName(),
		).Str(
			"version",
			nc.ConnectedServerVersion(),
		).Msg(
			what,
		)
	}
}

func (r *Reach) lost(err error) {
	r.tell(false)
	if err != nil && r.Quiet == nil {
		r.Log.Warn().Err(err).Msg("connection to NATS lost")
	}
}

func (r *Reach) tell(connected bool) {
	if r.Connected != nil {
		r.Connected(connected)
	}
}

// WithoutCredentials takes user names, passwords and tokens out of the URL of a NATS server, or of
// several, for messages.
func WithoutCredentials(urls string) string {
	parts := strings.Split(urls, ",")
	for i, u := range parts {
		if at := strings.LastIndexByte(u, '@'); at >= 0 {
			scheme, _, ok := strings.Cut(u, "://")
			if !ok {
				scheme = "nats"
			}
			parts[i] = scheme + "://" + u[at+1:]
		}
	}
	return strings.Join(parts, ",")
}

// Reached waits until nc is connected, or closed, or ctx ends: without a server there is nothing to
// start over on.
func Reached(ctx context.Context, nc *nats.Conn) {
	changed := nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer nc.RemoveStatusListener(changed)
	for ctx.Err() == nil && !nc.IsConnected() && !nc.IsClosed() {
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(time.Second): // a listener that is behind misses changes
		}
	}
}

// ClosedBy is why a client gave up on a server: it refused the same user twice.
func ClosedBy(err error, server string) error {
	server = WithoutCredentials(server)
	if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) ||
		errors.Is(err, nats.ErrAuthRevoked) {
		return fmt.Errorf("NATS at %s refuses this user: %w", server, err)
	}
	return fmt.Errorf("connection to NATS at %s: %w", server, cmp.Or(err, nats.ErrConnectionClosed))
}
