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

// serving runs Serve on a server of the site's own, with its log.
func serving(t *testing.T, url string, options ...nats.Option) (cfg Config, log *logged, d *dialer, ended chan error) {
	t.Helper()
	log, d, ended = &logged{}, &dialer{}, make(chan error, 1)
	cfg = configOf(t)
	cfg.URL, cfg.Log = url, zerolog.New(log)
	cfg.Options = append(options, nats.SetCustomDialer(d))
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan struct{})
	go func() { defer close(finished); ended <- Serve(ctx, cfg) }()
	t.Cleanup(func() { cancel(); <-finished })
	return cfg, log, d, ended
}

func TestDeadPortIsNamedOnce(t *testing.T) {
	b := &bench{t: t}
	port := deadPort(t)
	cfg, log, d, _ := serving(t, fmt.Sprintf("nats://user:hush@127.0.0.1:%d", port))
	b.wait("attempts", func() bool { return d.attempts() > 2 })
	text := log.String()
	want := fmt.Sprintf(`"nats":"nats://127.0.0.1:%d","error":"dial tcp 127.0.0.1:%d: connect: connection refused"`, port, port)
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, want) || !strings.Contains(text, "trying again") || strings.Contains(text, "hush") {
		t.Errorf("after %d attempts:\n%s", d.attempts(), text)
	}
	if got := cfg.Health.Reasons(); strings.Join(got, " ") != "disconnected starting" {
		t.Errorf("not ready because of %v", got)
	}

	jetStreamServer(t, server.Options{Port: port})
	b.wait("ready", func() bool { return len(cfg.Health.Reasons()) == 0 })
	if text = log.String(); strings.Count(text, `"connected to NATS"`) != 1 || strings.Contains(text, "starting over") {
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
	_, log, d, _ := serving(t, fmt.Sprintf("nats://user:hush@127.0.0.1:%d", port))
	b.wait("attempts", func() bool { return d.attempts() > 2 })
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "unknown authority") || strings.Contains(text, "hush") {
		t.Errorf("without its certificate: %s", text)
	}

	// The same after the connection was lost, of which the client tells nobody.
	first := jetStreamServer(t, server.Options{Port: server.RANDOM_PORT})
	port = portOf(first)
	cfg, log, d, _ := serving(t, fmt.Sprintf("nats://127.0.0.1:%d", port))
	b.wait("ready", func() bool { return len(cfg.Health.Reasons()) == 0 })
	first.Shutdown()
	first.WaitForShutdown()
	jetStreamServer(t, secured(server.Options{Port: port}))
	b.wait("told", func() bool { return strings.Contains(log.String(), "unknown authority") })
	before := d.attempts()
	b.wait("more attempts", func() bool { return d.attempts() > before+1 })
	if text := log.String(); strings.Count(text, "unknown authority") != 1 {
		t.Errorf("after a connection:\n%s", text)
	}
}

func TestUserWhoIsRefusedIsNamed(t *testing.T) {
	port := portOf(jetStreamServer(t, server.Options{Port: server.RANDOM_PORT, Username: "somebody", Password: "else"}))
	_, log, _, ended := serving(t, fmt.Sprintf("nats://user:hush@127.0.0.1:%d", port))
	err := <-ended
	ended <- err
	if want := fmt.Sprintf("NATS at nats://127.0.0.1:%d refuses this user: nats: ", port); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Error(err)
	}
	if text := log.String(); strings.Contains(text, "starting over") || strings.Contains(text, "hush") {
		t.Error(text)
	}
}
