// Package bustest runs rlsguard on a NATS server in a test's own process: events in, flags out, as
// at a site.
//
// The package must not know which drug or lab means what, nor the command line.
package bustest

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/patients"
	"github.com/rlsguard/rlsguard/consumers/publish"
	"github.com/rlsguard/rlsguard/consumers/watch"
	"github.com/rlsguard/rlsguard/fhir"
)

// patience is how long anything may take before a test fails: long, since build machines are busy.
const patience = time.Minute

// Bus is a server with a consumer on it. Both end with the test.
type Bus struct {
	URL  string     // of the server, for clients of the test
	Conn *nats.Conn // a connection with all rights

	t testing.TB
}

// Options of a bus; the zero value has the settings of the contract.
type Options struct {
	Settings *checks.Settings // nil: checks.DefaultSettings
}

// Start starts a server in a folder of the test and a consumer that decides as of asOf. It returns
// when both are ready.
func Start(t testing.TB, asOf time.Time, o Options) *Bus {
	t.Helper()
	dir := t.TempDir()
	key, err := embedded.SiteKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	server, err := embedded.Start(
		t.Context(), embedded.Options{Dir: dir, Listen: "127.0.0.1:0", Log: zerolog.Nop()},
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Errorf("stopping the server: %v", err)
		}
	})
	b := &Bus{t: t, URL: server.URL()}
	if b.Conn, err = server.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Conn.Close)
	if o.Settings == nil {
		o.Settings = checks.DefaultSettings()
	}
	reader := fhir.DefaultOptions()
	reader.Terms = o.Settings.Terms
	b.serve(consumers.Config{
		Embedded: server, Known: commit.NewKnown(), Engine: &fold.Engine{Settings: o.Settings, Key: key,
			Ruleset: "test"},
		Reader: reader, AsOf: asOf,
		Log: zerolog.Nop(), Health: health.New(),
	})
	return b
}

// serve runs the consumer until the test ends.
func (b *Bus) serve(cfg consumers.Config) {
	b.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- consumers.Serve(ctx, cfg) }()
	b.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.t.Errorf("the consumer: %v", err)
		}
	})
	for deadline := time.Now().Add(patience); len(cfg.Health.Reasons()) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("the consumer is not ready: %v", cfg.Health.Reasons())
		}
	}
	b.answer(&cfg)
}

// answer offers rls.check and rls.patient until the test ends.
func (b *Bus) answer(cfg *consumers.Config) {
	b.t.Helper()
	asOf := func() time.Time { return cfg.AsOf }
	svc, err := ordercheck.Serve(b.Conn, &ordercheck.Checker{
		Engine: cfg.Engine, Stored: cfg.Known, Reader: cfg.Reader, AsOf: asOf,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = svc.Stop() }) // the connection is closed before where a test wants that
	trail, err := patients.NewTrail(b.Conn, cfg.Engine.Key, cfg.Domain)
	if err == nil {
		teller := &patients.Teller{Engine: cfg.Engine, Stored: cfg.Known, Trail: trail, AsOf: asOf}
		err = teller.Serve(svc, b.Conn.MaxPayload())
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// Publish publishes documents in order and returns when all are decided. What is rejected fails the
// test.
func (b *Bus) Publish(documents ...string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pub, err := publish.New(ctx, b.Conn)
	if err != nil {
		b.t.Fatal(err)
	}
	defer pub.Close()
	for i, d := range documents {
		if err := pub.PublishFrom(ctx, publish.Origin{Source: "document", Line: i + 1}, []byte(d)); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := pub.Wait(ctx, jet.WaitOptions{}); err != nil {
		b.t.Fatal(err)
	}
	err = pub.Rejected(ctx, func(from publish.Origin, l layout.DeadLetter) error {
		b.t.Errorf("rejected: document %d: %s: %s", from.Line, l.Reason, l.Detail)
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// Flags are the open flags on the bus, sorted by patient, check and ingredient.
func (b *Bus) Flags() (open []checks.Flag) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := watch.Watch(ctx, b.Conn, watch.Options{Once: true},
		func(flags []checks.Flag) error { open = flags; return nil }, func(checks.Flag) error { return nil })
	if err != nil {
		b.t.Fatal(err)
	}
	return open
}
