package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/cdshooks"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// streamsGone deletes streams of a deployed server.
func (d deployed) streamsGone(t *testing.T, names ...string) {
	t.Helper()
	nc := d.connect(t, "admin")
	for _, name := range names {
		api := "$JS.API."
		if name != layout.StreamFHIR && name != layout.StreamRLS && name != layout.StreamAudit {
			api = "$JS.RLSGUARD.API."
		}
		js, err := jetstream.NewWithAPIPrefix(nc, strings.TrimSuffix(api, "."))
		if err == nil {
			err = js.DeleteStream(t.Context(), name)
		}
		if err != nil {
			t.Fatal(name, err)
		}
	}
}

// setupMakes are the streams that setup makes.
var setupMakes = []string{layout.StreamFHIR, layout.StreamRLS, layout.StreamFlags, layout.StreamAudit,
	layout.StreamDead, layout.StreamRejected, layout.StreamFeedback}

// An import on an empty server makes every stream that setup makes: nobody may make one afterwards.
func TestDeployedImportMakesAllStreams(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := t.TempDir()
	stop := serveDeployed(ctx, t, s, dir)
	publishAs(ctx, t, s.connect(t, "producer"), "1-anna")
	stop()
	key, export := filepath.Join(dir, "site.key"), filepath.Join(dir, "export.gz")
	if err := os.WriteFile(key, []byte(connect.PublicTestKey), 0o600); err != nil {
		t.Fatal(err)
	}
	admin := []string{"--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_admin"}
	run := func(says string, args ...string) {
		t.Helper()
		code, out, errs := s.as(t, "admin", append(args, admin...)...)
		if code != terminal.ExitDone || !strings.Contains(out+errs, says) {
			t.Errorf("%v: %d %s%s", args, code, out, errs)
		}
	}
	run("exported", "export", "--key-file", key, export)
	s.streamsGone(t, setupMakes...)
	run("imported", "import", "--key-file", key, export)
	run("rlsguard: all streams exist", "setup")
	s.streamsGone(t, layout.StreamFeedback)
	run("created RLS_FEEDBACK; all streams exist", "setup", "--audit-days", "30")
}

// A stream of feedback that is missing is told by /readyz, whoever serves, and until it is there.
func TestDeployedFeedbackMissing(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s.streamsGone(t, layout.StreamFeedback)
	h := health.New()
	defer serveDeployed(ctx, t, s, t.TempDir(), func(c *consumers.Config) {
		c.Health, c.Log = h, zerolog.New(zerolog.NewTestWriter(t))
	})()
	ready := func(want string) {
		t.Helper()
		for body := ""; !strings.Contains(body, want); time.Sleep(10 * time.Millisecond) {
			if ctx.Err() != nil {
				t.Fatalf("no %s in %s", want, body)
			}
			rec := httptest.NewRecorder()
			h.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/readyz", nil))
			body = rec.Body.String()
		}
	}
	ready(`{"ready":true,"notices":["stream RLS_FEEDBACK is missing`)
	code, _, errs := s.as(t, "admin", "setup", "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_admin")
	if code != terminal.ExitDone {
		t.Fatal(errs)
	}
	ready(`{"ready":true}`)
}

// Whoever may not make the stream of feedback does not ask for it with each piece of feedback.
func TestDeployedFeedbackRefused(t *testing.T) {
	s := deployedServer(t)
	s.streamsGone(t, layout.StreamFeedback)
	var violations atomic.Int64
	nc := s.connect(t, "rlsguard", nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) { violations.Add(1) }))
	bus, err := cdshooks.NewNATS(nc, 1, time.Hour, jet.NamedDomain("RLSGUARD").Inside())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		err := bus.Feedback(t.Context(), cdshooks.Feedback{Outcome: "accepted"})
		if err == nil || !strings.Contains(err.Error(), "run rlsguard setup") {
			t.Errorf("%v", err)
		}
	}
	if n := violations.Load(); n != 1 {
		t.Errorf("%d violations", n)
	}
}
