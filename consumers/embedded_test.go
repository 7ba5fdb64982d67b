package consumers

import (
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

func TestEmbeddedRefuses(t *testing.T) {
	b := newBench(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]embedded.Options{
		"every interface without TLS":     {Dir: t.TempDir(), Listen: "0.0.0.0:0"},
		"users alone are not enough":      {Dir: t.TempDir(), Listen: ":0", Users: []embedded.User{{Name: "a"}}},
		"no port":                         {Dir: t.TempDir(), Listen: "127.0.0.1"},
		"a folder that is a file":         {Dir: file, Listen: "127.0.0.1:0"},
		"a folder in use":                 {Dir: b.dir, Listen: "127.0.0.1:0"},
		"a port in use":                   {Dir: t.TempDir(), Listen: b.srv.Addr()},
		"a name that may lead to outside": {Dir: t.TempDir(), Listen: "example.org:0"},
	} {
		t.Run(name, func(t *testing.T) {
			if e, err := embedded.Start(t.Context(), o); err == nil {
				e.Stop()
				t.Error("started")
			}
		})
	}
}

func TestEmbeddedURL(t *testing.T) {
	b := newBench(t)
	path := filepath.Join(b.dir, "nats.url")
	raw, err := os.ReadFile(path)
	if err != nil || strings.TrimSpace(string(raw)) != b.srv.URL() {
		t.Fatalf("%s: %v", path, err)
	}
	for _, name := range []string{"nats.url", "nats.user"} {
		if st, err := os.Stat(filepath.Join(b.dir, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
	if nc, err := nats.Connect("nats://" + b.srv.Addr()); err == nil {
		nc.Close()
		t.Error("connected without a password")
	}
	first := userOf(t, b.srv)
	b.stop()
	if _, err := os.Stat(path); err == nil {
		t.Error("nats.url is there though nobody listens")
	}
	b.start()
	if again := userOf(t, b.srv); again != first {
		t.Error("another password at the second start")
	}
}

func TestSiteKeyIsMadeOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	first, err := embedded.SiteKey(dir)
	if err != nil || len(first) < 16 {
		t.Fatal(len(first), err)
	}
	again, err := embedded.SiteKey(dir)
	if err != nil || string(again) != string(first) {
		t.Error("another key at the second start", err)
	}
	short := filepath.Join(dir, "short")
	if err := os.WriteFile(short, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.ReadSiteKey(short); err == nil {
		t.Error("a short key was taken")
	}
}

// Nothing that identifies a patient, and no free text, is anywhere but in payloads.
func TestNothingOfAPatientLeaks(t *testing.T) {
	b := newBench(t)
	var log strings.Builder
	cfg := b.config()
	cfg.Log = zerolog.New(zerolog.SyncWriter(&log)).Level(zerolog.TraceLevel)
	stop := b.serve(cfg)
	b.publish(
		rlsJSON("CANARY-7"),
		orderJSON("CANARY-8", "CANARY-7", "CANARY sertraline", "active", 1),
		orderJSON("CANARY-8", "CANARY-9", "sertraline", "active", 2),
		`{"resourceType":"MedicationRequest","id":"CANARY-10","CANARY":1,"CANARY":2}`,
		`{"resourceType":"Bundle","type":"CANARY"}`,
		`"CANARY"`,
	)
	b.decided()
	rec := httptest.NewRecorder()
	cfg.Health.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	stop()
	seen := log.String() + rec.Body.String()
	if !strings.Contains(seen, "rlsguard_patients 2") ||
		!strings.Contains(seen, `rlsguard_resources_total{outcome="rejected"}`) {
		t.Errorf("metrics are missing:\n%s", seen)
	}
	for _, stream := range []string{layout.StreamRLS, layout.StreamFlags, layout.StreamDead} {
		for _, m := range b.messages(stream, ">") {
			seen += m.Subject()
			for k, v := range m.Headers() {
				// a pointer names what is at the place; operators may read the payload too
				if stream != layout.StreamDead || k != layout.HeaderPointer {
					seen += k + strings.Join(v, "")
				}
			}
		}
	}
	if i := strings.Index(seen, "CANARY"); i >= 0 {
		t.Errorf("leaked: ...%s", seen[max(0, i-80):min(len(seen), i+80)])
	}
}

func TestReadiness(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	status := func(path string) int {
		rec := httptest.NewRecorder()
		cfg.Health.Handler().ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		return rec.Code
	}
	if got := status("/readyz"); got != 503 {
		t.Errorf("before it began: %d", got)
	}
	stop := b.serve(cfg)
	if got := status("/readyz"); got != 200 {
		t.Errorf("ready: %d", got)
	}
	stop()
	if got := status("/readyz"); got != 503 {
		t.Errorf("stopped: %d", got)
	}
	if got := status("/healthz"); got != 200 {
		t.Errorf("alive: %d", got)
	}
}

// The server has what design and dashboards rely on.
func TestStreams(t *testing.T) {
	b := newBench(t)
	if err := jet.MakeStreams(t.Context(), b.js, 1); err != nil {
		t.Fatal(err)
	}
	if err := jet.MakeStreams(t.Context(), b.js, 1); err != nil {
		t.Fatalf("again: %v", err)
	}
	b.publishRaw(layout.SubjectCommitFlags+"high.some-check.id", "Nats-TTL", "1")
	b.publishRaw(layout.SubjectCommitFlags+"low.some-check.id", "", "")
	b.wait("copied", func() bool { return len(b.messages(layout.StreamFlags, layout.SubjectFlags+"low.>")) == 1 })
	b.wait("gone after its time", func() bool {
		return len(b.messages(layout.StreamFlags, layout.SubjectFlags+"high.>")) == 0 &&
			len(b.messages(layout.StreamRLS, layout.SubjectCommitFlags+"high.>")) == 0
	})
	if err := b.js.DeleteStream(t.Context(), layout.StreamRLS); err != nil {
		t.Fatal(err)
	}
	if _, err := b.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: layout.StreamRLS,
		Subjects: []string{"rls.state.>"}}); err != nil {
		t.Fatal(err)
	}
	if err := jet.MakeStreams(t.Context(), b.js, 1); err == nil {
		t.Error("a stream without atomic batches was taken")
	}
}

func (b *bench) publishRaw(subject, header, value string) {
	b.t.Helper()
	m := nats.NewMsg(subject)
	if header != "" {
		m.Header.Set(header, value)
	}
	if _, err := b.js.PublishMsg(b.t.Context(), m); err != nil {
		b.t.Fatal(err)
	}
}

func TestHeaderText(t *testing.T) {
	for in, want := range map[string]string{"/entry/0/a b": "/entry/0/a b", "a\r\nX: y": "a%0D%0AX: y",
		"100%": "100%25", "ü": "%C3%BC"} {
		if got := headerText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if n := len(headerText(strings.Repeat("x", 9000))); n > mostHeader {
		t.Errorf("a header of %d bytes", n)
	}
}

func TestTimerMessageIsAhead(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 500, time.UTC)
	for at, want := range map[time.Time]string{
		now.Add(-time.Hour):       "@at 2026-01-01T12:00:03Z",
		now.Add(90 * time.Minute): "@at 2026-01-01T13:30:01Z",
	} {
		if got := layout.TimerMessage(layout.Token{}, at, now).Header.Get("Nats-Schedule"); got != want {
			t.Errorf("%v: %q, want %q", at, got, want)
		}
	}
}

// userOf is the user and password that clients of the server need.
func userOf(t *testing.T, e *embedded.Embedded) string {
	t.Helper()
	u, err := url.Parse(e.URL())
	if err != nil {
		t.Fatal(err)
	}
	return u.User.String()
}
