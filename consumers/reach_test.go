package consumers

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/health"
)

// logged is a log that is read while it is written.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// dialer counts the attempts to connect.
type dialer struct {
	mu sync.Mutex
	n  int
}

func (d *dialer) Dial(network, address string) (net.Conn, error) {
	d.mu.Lock()
	d.n++
	d.mu.Unlock()
	return net.DialTimeout(network, address, time.Second)
}

func (d *dialer) attempts() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

func deadPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func jetStreamServer(t *testing.T, o server.Options) *server.Server {
	t.Helper()
	o.Host, o.NoSigs, o.NoLog, o.JetStream, o.StoreDir = "127.0.0.1", true, true, true, t.TempDir()
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not get ready")
	}
	return s
}

func portOf(s *server.Server) int { return s.Addr().(*net.TCPAddr).Port }

// reaching is a Serve on a server of the site's own, with its log.
type reaching struct {
	health *health.Health
	log    *logged
	dialer *dialer
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // when it has ended
}

func reach(t *testing.T, url string) *reaching {
	t.Helper()
	r := &reaching{log: &logged{}, dialer: &dialer{}, ended: make(chan struct{})}
	cfg := configOf(t)
	cfg.URL, cfg.Log, cfg.Options, r.health = url, zerolog.New(
		r.log,
	), []nats.Option{
		nats.SetCustomDialer(r.dialer),
	}, cfg.Health
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	go func() { defer close(r.ended); r.err = Serve(ctx, cfg) }()
	t.Cleanup(r.stop)
	return r
}

// stop ends it; before its server, or it gives what is in flight its time.
func (r *reaching) stop() {
	r.cancel()
	<-r.ended
}

func TestDeadPortIsNamedOnce(t *testing.T) {
	b := &bench{t: t}
	port := deadPort(t)
	r := reach(t, fmt.Sprintf("nats://user:hush@127.0.0.1:%d", port))
	defer r.stop()
	b.wait("attempts", func() bool { return r.dialer.attempts() > 2 })
	text := r.log.String()
	want := fmt.Sprintf(
		`"nats":"nats://127.0.0.1:%d","error":"dial tcp 127.0.0.1:%d: connect: connection refused"`,
		port,
		port,
	)
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, want) || !strings.Contains(text, "trying again") ||
		strings.Contains(text, "hush") {
		t.Errorf("after %d attempts:\n%s", r.dialer.attempts(), text)
	}
	if got := r.health.Reasons(); strings.Join(got, " ") != "disconnected starting" {
		t.Errorf("not ready because of %v", got)
	}

	jetStreamServer(t, server.Options{Port: port})
	b.wait("ready", func() bool { return len(r.health.Reasons()) == 0 })
	if text = r.log.String(); strings.Count(text, `"connected to NATS"`) != 1 ||
		strings.Contains(text, "starting over") {
		t.Error(text)
	}
}

// A certificate that cannot be trusted is no reason to give up: it may be renewed.
func TestTLSFailureIsNamedOnce(t *testing.T) {
	b := &bench{t: t}
	cert, _ := certificate(t)
	secured := func(o server.Options) server.Options {
		o.TLS, o.TLSConfig = true, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		return o
	}
	port := portOf(jetStreamServer(t, secured(server.Options{Port: server.RANDOM_PORT})))
	r := reach(t, fmt.Sprintf("nats://user:hush@127.0.0.1:%d", port))
	b.wait("attempts", func() bool { return r.dialer.attempts() > 2 })
	if text := r.log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "unknown authority") ||
		strings.Contains(text, "hush") {
		t.Errorf("without its certificate: %s", text)
	}

	// The same after the connection was lost, of which the client tells nobody.
	first := jetStreamServer(t, server.Options{Port: server.RANDOM_PORT})
	port = portOf(first)
	r = reach(t, fmt.Sprintf("nats://127.0.0.1:%d", port))
	defer r.stop()
	b.wait("ready", func() bool { return len(r.health.Reasons()) == 0 })
	first.Shutdown()
	first.WaitForShutdown()
	jetStreamServer(t, secured(server.Options{Port: port}))
	b.wait("told", func() bool { return strings.Contains(r.log.String(), "unknown authority") })
	before := r.dialer.attempts()
	b.wait("more attempts", func() bool { return r.dialer.attempts() > before+1 })
	if text := r.log.String(); strings.Count(text, "unknown authority") != 1 {
		t.Errorf("after a connection:\n%s", text)
	}
}

func TestUserWhoIsRefusedIsNamed(t *testing.T) {
	port := portOf(jetStreamServer(t, server.Options{Port: server.RANDOM_PORT, Username: "somebody", Password: "else"}))
	r := reach(t, fmt.Sprintf("nats://user:hush@127.0.0.1:%d", port))
	<-r.ended
	err := r.err
	if want := fmt.Sprintf("NATS at nats://127.0.0.1:%d refuses this user: nats: ", port); err == nil ||
		!strings.HasPrefix(err.Error(), want) ||
		strings.Contains(err.Error(), "\n") {
		t.Error(err)
	}
	if text := r.log.String(); strings.Contains(text, "starting over") || strings.Contains(text, "hush") {
		t.Error(text)
	}
}
