package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/certtest"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/publish"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// TestDeployedServer runs the whole way under the users of deploy/nats.conf: each can do its work,
// and nothing else.
func TestDeployedServer(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	set, err := settings.Flag{}.Read()
	if err != nil {
		t.Fatal(err)
	}
	found, err := connect.Flags{
		Nats:        s.url("rlsguard"),
		ServerFlags: connect.ServerFlags{CA: s.ca, Inbox: "_INBOX_rlsguard", Domain: "RLSGUARD"},
	}.Find()
	if err != nil {
		t.Fatal(err)
	}
	serving, stop := context.WithCancel(ctx)
	health := health.New()
	served := make(chan error, 1)
	go func() {
		served <- consumers.Serve(serving, consumers.Config{
			URL: found.URL, Options: found.Options, Domain: found.Domain.Inside(), Reader: set.Reader, AsOf: demoAsOf,
			Log:    zerolog.New(zerolog.NewTestWriter(t)),
			Engine: &fold.Engine{Settings: set.Settings, Ruleset: set.Ruleset, Key: []byte(connect.PublicTestKey)},
			Health: health,
		})
	}()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	waitForStream(ctx, t, s.connect(t, "operator"), "RLS_DEAD")

	publishAs(ctx, t, s.connect(t, "producer"), "1-anna")
	allMeasured(ctx, t, health)
	dashboardUser := s.connect(t, "dashboard")
	var open []checks.Flag
	err = watch.Watch(
		ctx,
		dashboardUser,
		watch.Options{Once: true, Domain: jet.NamedDomain("RLSGUARD")},
		func(f []checks.Flag) error { open = f; return nil },
		nil,
	)
	if err != nil || len(open) != 1 || open[0].Check != "rls-ssri" {
		t.Errorf("the dashboard sees %v, %v", open, err)
	}

	for _, c := range []struct{ user, subject string }{
		{"producer", "fhir.DetectedIssue"}, {"producer", "rls.flags.high.x.y"}, {"producer", "rls.state.patient.x"},
		{"reviewer", "fhir.MedicationRequest"},
		{"dashboard", "fhir.MedicationRequest"}, {"dashboard", "$JS.API.STREAM.MSG.GET.RLS"},
		{"dashboard", "$JS.API.STREAM.DELETE.RLS_FLAGS"}, {"dashboard", "$JS.RLSGUARD.API.STREAM.DELETE.RLS_FLAGS"},
		{"operator", "$JS.API.STREAM.MSG.GET.RLS"}, {"operator", "fhir.DetectedIssue"},
		{"operator", "$JS.RLSGUARD.API.STREAM.PURGE.RLS_DEAD"},
	} {
		if !s.refuses(t, c.user, func(nc *nats.Conn) error { return nc.Publish(c.subject, []byte("{}")) }) {
			t.Errorf("%s may publish on %s", c.user, c.subject)
		}
	}
	for _, c := range []struct{ user, subject string }{
		{"dashboard", "rls.dead.>"}, {"dashboard", "fhir.>"}, {"dashboard", "_INBOX_rlsguard.>"},
		{"producer", "rls.flags.>"}, {"operator", "fhir.>"},
	} {
		if !s.refuses(t, c.user, func(nc *nats.Conn) error { _, err := nc.SubscribeSync(c.subject); return err }) {
			t.Errorf("%s may subscribe to %s", c.user, c.subject)
		}
	}
}

// allMeasured: the rights of the user are enough for every metric that is read from the server.
func allMeasured(ctx context.Context, t *testing.T, health *health.Health) {
	t.Helper()
	text := ""
	for _, name := range []string{"inbound_lag_messages", "oldest_undecided_seconds", "active", "dead_letters",
		"flags_copy_lag_seconds", "audit_lag_seconds"} {
		for !strings.Contains(text, "\nrlsguard_"+name+" ") {
			if ctx.Err() != nil {
				t.Fatalf("%s is absent", name)
			}
			time.Sleep(10 * time.Millisecond)
			rec := httptest.NewRecorder()
			health.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			text = rec.Body.String()
		}
	}
}

func publishAs(ctx context.Context, t *testing.T, nc *nats.Conn, file string) {
	t.Helper()
	publishDemo(ctx, t, nc, file, jet.NamedDomain("RLSGUARD"))
}

// publishDemo publishes a document of the demo and waits until it has been decided.
func publishDemo(ctx context.Context, t *testing.T, nc *nats.Conn, file string, domain ...jet.Domain) {
	t.Helper()
	pub, err := publish.New(ctx, nc, domain...)
	if err != nil {
		t.Fatal(err)
	}
	defer pub.Close()
	data, err := demoFiles.ReadFile("demo/" + file + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := pub.Publish(ctx, data); err != nil {
		t.Fatal(err)
	}
	if err := pub.Wait(ctx, jet.WaitOptions{}); err != nil {
		t.Fatal(err)
	}
}

// waitForStream waits for the last stream that a consumer makes at its first start.
func waitForStream(ctx context.Context, t *testing.T, nc *nats.Conn, name string) {
	t.Helper()
	js, err := jet.New(nc, jet.NamedDomain("RLSGUARD"))
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, err := js.Stream(ctx, name)
		if err == nil {
			return
		}
		if !errors.Is(err, jetstream.ErrStreamNotFound) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

type deployed struct {
	srv  *server.Server
	addr string
	ca   string // certificate file
}

func (d deployed) url(user string) string { return "tls://" + user + ":" + user + "-secret@" + d.addr }

func (d deployed) connect(t *testing.T, user string, options ...nats.Option) *nats.Conn {
	t.Helper()
	found, err := connect.Flags{
		Nats:        d.url(user),
		ServerFlags: connect.ServerFlags{CA: d.ca, Inbox: "_INBOX_" + user},
	}.Find()
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(found.URL, append(found.Options, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// refuses tells whether the server denies a user what do does.
func (d deployed) refuses(t *testing.T, user string, do func(*nats.Conn) error) bool {
	t.Helper()
	denied := make(chan error, 1)
	nc := d.connect(t, user, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		select {
		case denied <- err:
		default:
		}
	}))
	defer nc.Close()
	if err := do(nc); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil { // the refusal comes before the answer to this
		t.Fatal(err)
	}
	select {
	case err := <-denied:
		return errors.Is(err, nats.ErrPermissionViolation)
	case <-time.After(time.Second):
		return false
	}
}

// deployedServer starts a server with deploy/nats.conf, on other paths and a free port, with what a
// site may change in it.
func deployedServer(t *testing.T, edits ...func(*testing.T, []byte) []byte) deployed {
	t.Helper()
	dir := t.TempDir()
	conf, err := os.ReadFile("../../deploy/nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	for old, now := range map[string]string{"/etc/nats": dir, "/var/lib/nats": filepath.Join(dir, "store"),
		"0.0.0.0:4222": "127.0.0.1:-1"} {
		if !bytes.Contains(conf, []byte(old)) {
			t.Fatalf("nats.conf does not hold %s", old)
		}
		conf = bytes.ReplaceAll(conf, []byte(old), []byte(filepath.ToSlash(now)))
	}
	for _, edit := range edits {
		conf = edit(t, conf)
	}
	users := "rlsguard admin producer orders reviewer dashboard operator page sys"
	for _, user := range strings.Fields(users) {
		t.Setenv(strings.ToUpper(user)+"_PASSWORD", user+"-secret")
	}
	certtest.Files(t, dir)
	accounts, err := os.ReadFile("../../deploy/accounts.conf")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "accounts.conf"), accounts, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(path, conf, 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not get ready")
	}
	d := deployed{srv: s, addr: s.Addr().String(), ca: filepath.Join(dir, "server.crt")}
	setup := setupCommand{
		Flags: connect.Flags{
			Nats:        d.url("admin"),
			ServerFlags: connect.ServerFlags{CA: d.ca, Inbox: "_INBOX_admin", Domain: "RLSGUARD"},
		},
		Replicas:  1,
		AuditDays: 400,
	}
	if err := setup.Run(&terminal.Program{Stderr: t.Output()}); err != nil {
		t.Fatal(err)
	}
	return d
}
