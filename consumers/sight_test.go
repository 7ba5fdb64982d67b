package consumers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// viewer is somebody who watches, and what they hear of the connection.
type viewer struct {
	blind  chan error
	seeing chan struct{}
	live   chan checks.Flag
}

// view watches until the test ends, through a connection of its own.
func (b *bench) view(url string) *viewer {
	b.t.Helper()
	nc, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		b.t.Fatal(err)
	}
	v := &viewer{make(chan error, 10), make(chan struct{}, 10), make(chan checks.Flag, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	ended, began := make(chan error, 1), make(chan struct{})
	o := watch.Options{
		Blind: func(since time.Time, why error) {
			if ago := time.Since(since); ago < 0 || ago > time.Minute {
				b.t.Errorf("blind since %v", since)
			}
			v.blind <- why
		},
		Seeing: func() { v.seeing <- struct{}{} },
	}
	go func() {
		ended <- watch.Watch(ctx, nc, o, func([]checks.Flag) error { close(began); return nil },
			func(f checks.Flag) error { v.live <- f; return nil })
	}()
	b.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("Watch: %v", err)
		}
		nc.Close()
	})
	<-began
	return v
}

// await takes what has to come.
func await[T any](t testing.TB, what string, from chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(time.Minute):
		t.Fatalf("%s did not come within a minute", what)
	}
	return v
}

// Whoever watches hears that they are blind, and why, hears when they see again, and is told then
// what they missed.
func TestWatchSaysThatItIsBlind(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(*bench, *proxy)
		mend  func(*bench, *proxy)
		why   error
	}{
		"connection cut": {func(_ *bench, p *proxy) { p.set(true, false) },
			func(_ *bench, p *proxy) { p.set(false, false) }, watch.ErrConnectionLost},
		"nobody answers": {func(_ *bench, p *proxy) { p.set(false, true) },
			func(_ *bench, p *proxy) { p.set(true, false); p.set(false, false) }, watch.ErrNoAnswer},
		"the stream is gone": {func(b *bench, _ *proxy) { b.drop(layout.StreamFlags) },
			func(b *bench, _ *proxy) { b.make() }, watch.ErrNoFlags},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.serve(b.config())()
			p := newProxy(t, b.srv.Addr())
			v := b.view(p.url(b.srv.URL()))
			c.fault(b, p)
			if why := await(t, "blind", v.blind); c.why != nil && !errors.Is(why, c.why) {
				t.Errorf("blind for %v, want %v", why, c.why)
			}
			c.mend(b, p)
			await(t, "seeing", v.seeing)
			defer b.serve(b.config())()
			b.publish(rlsJSON("1"), orderJSON("m1", "1", "sertraline", "active", 1))
			await(t, "flag", v.live)
			if n := len(v.blind) + len(v.seeing); n != 0 {
				t.Errorf("%d more words of it", n)
			}
		})
	}
}

func (b *bench) drop(stream string) {
	b.t.Helper()
	if err := b.js.DeleteStream(b.t.Context(), stream); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) make() {
	b.t.Helper()
	if err := jet.MakeStreams(b.t.Context(), b.js, 1); err != nil {
		b.t.Fatal(err)
	}
}

// Somebody who makes all consumers that the server allows blinds nobody: neither those who watch,
// nor those who come, nor an instance that becomes ready.
func TestFloodOfConsumersBlindsNobody(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	b.publish(rlsJSON("1"))
	b.decided()
	if err := jet.WaitCopied(t.Context(), b.js); err != nil {
		t.Fatal(err)
	}
	before := b.view(b.srv.URL())
	stop()
	stream, err := b.js.Stream(t.Context(), layout.StreamFlags)
	if err != nil {
		t.Fatal(err)
	}
	b.limit(server.JetStreamAccountLimits{MaxConsumers: 20})
	for i := 0; err == nil && i < 100; i++ {
		_, err = stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: fmt.Sprint("flood", i)})
	}
	if err == nil {
		t.Fatal("there is no limit")
	}
	defer b.serve(b.config())()
	b.publish(orderJSON("m1", "1", "sertraline", "active", 1))
	flag := await(t, "flag", before.live)
	after := b.view(b.srv.URL())
	if found, err := watch.FindFlag(t.Context(), b.nc, engine().Key, flag.ID); err != nil || found.ID != flag.ID {
		t.Errorf("the flag is not found: %v", err)
	}
	b.publish(orderJSON("m1", "1", "sertraline", "stopped", 2))
	await(t, "resolved", after.live)
	if n := len(before.blind) + len(after.blind); n != 0 {
		t.Errorf("blind %d times", n)
	}
}

// A server is killed and started again on its store: whoever watches hears both, and gets what came
// after.
func TestWatchThroughAKilledServer(t *testing.T) {
	port := freePorts(t, 1)[0]
	conf := filepath.Join(t.TempDir(), "nats.conf")
	text := fmt.Sprintf(
		"listen: \"127.0.0.1:%d\"\njetstream { store_dir: %q, sync_interval: always }\n",
		port,
		t.TempDir(),
	)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() *exec.Cmd { return startChild(t, "RLSGUARD_TEST_NATS="+conf) }
	cmd := start()
	url := fmt.Sprintf("nats://127.0.0.1:%d", port)
	b := &bench{t: t}
	var err error
	b.wait("connected", func() bool {
		b.nc, err = nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
		return err == nil
	})
	t.Cleanup(b.nc.Close)
	if b.js, err = jetstream.New(b.nc); err != nil {
		t.Fatal(err)
	}
	cfg := configOf(t)
	cfg.URL = url
	defer b.serve(cfg)()
	b.publish(rlsJSON("1"), orderJSON("m1", "1", "sertraline", "active", 1))
	b.decided()
	if err := jet.WaitCopied(t.Context(), b.js); err != nil {
		t.Fatal(err)
	}
	v := b.view(url)
	for round := range 2 {
		kill(cmd)
		if why := await(t, "blind", v.blind); !errors.Is(why, watch.ErrConnectionLost) {
			t.Errorf("blind for %v", why)
		}
		cmd = start()
		await(t, "seeing", v.seeing)
		b.wait(
			"published",
			func() bool { return b.tryPublish(orderJSON("m2", "1", drugNames[round], "active", 1+round)) },
		)
		await(t, "flag", v.live)
	}
}
