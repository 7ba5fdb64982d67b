package consumers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// proxy stands between an instance and a server, to cut their connection.
type proxy struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	open     []net.Conn
	refuse   bool
	hold     bool // half open: it takes bytes and passes none on
	later    bool // what the server says of the time is a year ahead
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, to: to}
	var running sync.WaitGroup
	running.Go(func() { p.accept(&running) })
	t.Cleanup(func() { l.Close(); p.set(true, false); running.Wait() })
	return p
}

func (p *proxy) accept(running *sync.WaitGroup) {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		p.mu.Lock()
		if err != nil || p.refuse {
			in.Close()
			if err == nil {
				out.Close()
			}
			p.mu.Unlock()
			continue
		}
		p.open = append(p.open, in, out)
		p.mu.Unlock()
		running.Go(func() { p.pass(in, out, false) })
		running.Go(func() { p.pass(out, in, p.later) })
	}
}

func (p *proxy) pass(from, to net.Conn, later bool) {
	defer to.Close()
	defer from.Close()
	for b := make([]byte, 32<<10); ; {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		p.mu.Lock()
		hold := p.hold
		p.mu.Unlock()
		if hold {
			continue
		}
		if later {
			year := time.Now().UTC().Year()
			copy(b, bytes.ReplaceAll(b[:n], fmt.Appendf(nil, `"ts":"%d-`, year), fmt.Appendf(nil, `"ts":"%d-`, year+1)))
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// set cuts what is open when it refuses.
func (p *proxy) set(refuse, hold bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse, p.hold = refuse, hold
	if refuse {
		for _, c := range p.open {
			c.Close()
		}
		p.open = nil
	}
}

// url is the server's, through the proxy.
func (p *proxy) url(server string) string {
	return strings.Replace(server, p.to, p.listener.Addr().String(), 1)
}

// The connections of two instances are cut in turn, under load.
func TestConnectionCut(t *testing.T) {
	b := newBench(t)
	var proxies []*proxy
	for range 2 {
		p := newProxy(t, b.srv.Addr())
		proxies = append(proxies, p)
		cfg := b.config()
		cfg.URL = p.url(b.srv.URL())
		defer b.serve(cfg)()
	}
	var docs []string
	for round := range kills(t, 2) {
		more := someDocsFrom(100*round, 20)
		docs = append(docs, more...)
		b.publish(more[:40]...)
		p := proxies[round%2]
		hold := round%4 == 3 && os.Getenv("RLSGUARD_SOAK") != "" // noticed after up to 15 s
		p.set(!hold, hold)
		b.publish(more[40:]...)
		began := time.Now()
		b.decided()
		t.Logf("cut (half open: %v): decided %v after", hold, time.Since(began))
		p.set(false, false)
	}
	b.sameAsReplay(docs...)
	b.shownAsReplay(docs)
}

// shownAsReplay: dashboards read what replay gives. After a fault the server may take some seconds
// to go on copying.
func (b *bench) shownAsReplay(docs []string) {
	b.t.Helper()
	want, differ, began := open(engine(), replay(docs...)), "", time.Now()
	for end := began.Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if differ = cmp.Diff(want, b.openNow(watch.Options{})); differ == "" {
			b.t.Logf("dashboards read it %v later", time.Since(began))
			return
		}
	}
	b.t.Errorf("what dashboards read differs (-replay +watch):\n%s", differ)
}

// conflicts are those that a child counted.
func conflicts(t *testing.T, file string) int {
	t.Helper()
	base, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(string(base) + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	_, after, _ := strings.Cut(string(text), "\nrlsguard_commit_conflicts_total ")
	if _, err := fmt.Sscan(after, &n); err != nil {
		t.Fatalf("no conflicts in the metrics: %v", err)
	}
	return n
}

// A stream that takes no more holds inputs back: nothing is acknowledged, rejected or lost, and it
// goes on when there is room.
func TestStreamFull(t *testing.T) {
	for _, name := range []string{layout.StreamRLS, layout.StreamDead} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.serve(b.config())()
			docs := append(someDocs(10), "[]", `{"resourceType":"Patient"`)
			b.publish(docs...)
			room := b.fillUp(name)
			cfg := b.config()
			defer b.serve(cfg)()
			b.wait("held back", func() bool {
				c, err := b.js.Consumer(t.Context(), layout.StreamFHIR, layout.Durable)
				return err == nil && c.CachedInfo().NumAckPending > 0
			})
			if name == layout.StreamRLS {
				b.wait("unready", func() bool { return len(cfg.Health.Reasons()) > 0 })
			}
			time.Sleep(time.Second) // time to do wrong
			if n := len(b.messages(layout.StreamDead, layout.SubjectDead+">")); n != 0 {
				t.Errorf("%d dead letters", n)
			}
			c, err := b.js.Consumer(t.Context(), layout.StreamFHIR, layout.Durable)
			if err != nil || c.CachedInfo().AckFloor.Stream >= uint64(len(docs)) {
				t.Errorf("acknowledged though not all was stored: %v", err)
			}
			room()
			b.decided()
			b.wait("ready", func() bool { return len(cfg.Health.Reasons()) == 0 })
			b.sameAsReplay(docs...)
			if n := len(b.messages(layout.StreamDead, layout.SubjectDead+">")); n != 2 {
				t.Errorf("%d dead letters of 2 bad inputs", n)
			}
		})
	}
}

// fillUp lets a stream take no more, until room is called. A stream with scheduled messages is
// filled by the limit of its account.
func (b *bench) fillUp(name string) (room func()) {
	b.t.Helper()
	s, err := b.js.Stream(b.t.Context(), name)
	if err != nil {
		b.t.Fatal(err)
	}
	if name == layout.StreamRLS {
		limit := func(bytes int64) {
			l := map[string]server.JetStreamAccountLimits{
				"": {MaxMemory: -1, MaxStore: bytes, MaxStreams: -1, MaxConsumers: -1},
			}
			if err := b.srv.Current().GlobalAccount().UpdateJetStreamLimits(l); err != nil {
				b.t.Fatal(err)
			}
		}
		info, err := b.js.AccountInfo(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		limit(int64(info.Store) + 50)
		return func() { limit(-1) }
	}
	cfg := s.CachedInfo().Config
	set := func(bytes int64) {
		cfg.Discard, cfg.MaxBytes = jetstream.DiscardNew, bytes
		if _, err := b.js.UpdateStream(b.t.Context(), cfg); err != nil {
			b.t.Fatal(err)
		}
	}
	set(int64(s.CachedInfo().State.Bytes) + 50)
	return func() { set(-1) }
}

// SIGTERM in the middle of work ends with 0, and what comes after goes on where it ended.
func TestTermUnderLoad(t *testing.T) {
	b := newBench(t)
	var docs []string
	for round := range kills(t, 2) {
		health := filepath.Join(t.TempDir(), "http")
		cmd := startChild(t, "RLSGUARD_TEST_URL="+b.srv.URL(), "RLSGUARD_TEST_HTTP="+health)
		b.wait("ready", func() bool { return strings.Contains(readiness(t, health), `"ready":true`) })
		more := someDocsFrom(100*round, 30)
		docs = append(docs, more...)
		b.publish(more...)
		began := time.Now()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("after SIGTERM: %v", err)
		}
		t.Logf("ended after %v", time.Since(began))
	}
	defer b.serve(b.config())()
	b.decided()
	b.sameAsReplay(docs...)
	b.shownAsReplay(docs)
}

// A watch that does not read, and one that is gone, hold nobody up; the one that goes on has seen
// the newest of each flag.
func TestSlowWatch(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	docs := someDocs(40)
	b.publish(docs[0])
	b.decided()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	release, ended := make(chan struct{}), make(chan error, 2)
	var mu sync.Mutex
	seen := map[string]checks.Flag{}
	note := func(f checks.Flag) error {
		<-release
		mu.Lock()
		defer mu.Unlock()
		seen[f.ID] = f
		return nil
	}
	going, leave := context.WithCancel(ctx)
	go func() {
		ended <- watch.Watch(ctx, b.nc, watch.Options{}, func([]checks.Flag) error { return nil }, note)
	}()
	go func() {
		ended <- watch.Watch(going, b.nc, watch.Options{}, func([]checks.Flag) error { return nil },
			func(checks.Flag) error { leave(); return nil })
	}()
	b.publish(docs[1:]...)
	b.decided()
	close(release)
	b.wait("caught up", func() bool {
		mu.Lock()
		defer mu.Unlock()
		open := b.openNow(watch.Options{})
		for _, f := range open {
			if have, ok := seen[f.ID]; f.Patient != "Patient/0" && (!ok || have.Basis != f.Basis) {
				return false
			}
		}
		return len(open) > 10
	})
	cancel()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
