package deploy

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// oneAccount starts a server on a store as it was when all users shared an account, lets do work as
// its admin, and stops it.
func oneAccount(t *testing.T, store string, do func(jetstream.JetStream)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "old.conf")
	put(t, path, `listen: "127.0.0.1:-1"
jetstream { store_dir: "`+store+`" }
accounts { RLSGUARD { jetstream: enabled, users: [{user: admin, password: admin-secret}] } }
`)
	options, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	srv, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	defer func() { srv.Shutdown(); srv.WaitForShutdown() }()
	if !srv.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not get ready")
	}
	nc, err := nats.Connect(srv.ClientURL(), nats.UserInfo("admin", "admin-secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	do(js)
}

// The steps of roles.md from one account to these: letters, feedback, audit, states and what was
// acknowledged survive, and the flags are copied again.
func TestFromOneAccount(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	oneAccount(t, store, func(js jetstream.JetStream) { fillOneAccount(t, js) })
	streams := func(account string) string { return filepath.Join(store, "jetstream", account, "streams") }
	if err := os.MkdirAll(streams("RLSGUARD_OUT"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{layout.StreamDead, layout.StreamFeedback} {
		if err := os.Rename(filepath.Join(streams("RLSGUARD"), name), filepath.Join(streams("RLSGUARD_OUT"),
			name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(streams("RLSGUARD"), layout.StreamFlags)); err != nil {
		t.Fatal(err)
	}

	s := run(t, "nats.conf", 1, "/var/lib/nats", store)
	s.setUp(t, 1)
	js := s.jetStream(t, "admin")
	for stream, subjects := range oldMessages {
		if stream == layout.StreamRLS {
			continue
		}
		held(t, js, stream, subjects...)
	}
	held(t, js, layout.StreamRLS, oldMessages[layout.StreamRLS]...)
	held(t, js, layout.StreamFlags, "rls.flags.high.x.y")
	held(t, js, layout.StreamAudit, "rls.audit.y")
	cons, err := js.Consumer(t.Context(), layout.StreamFHIR, layout.Durable)
	if err != nil || cons.CachedInfo().AckFloor.Stream != 1 {
		t.Errorf("what was decided is forgotten: %v", err)
	}
	// A new letter goes where the old ones are.
	if _, err := s.jetStream(t, "rlsguard").Publish(t.Context(), "rls.dead.new", nil); err != nil {
		t.Fatal(err)
	}
	held(t, s.jetStream(t, "operator"), layout.StreamDead, "rls.dead.new")
}

// oldMessages are what is stored with one account.
var oldMessages = map[string][]string{
	layout.StreamFHIR:     {"fhir.Patient"},
	layout.StreamRLS:      {"rls.state.site", "rls.state.patient.x", "rls.commit.flags.high.x.y", "rls.audit.y.1"},
	layout.StreamDead:     {"rls.dead.x"},
	layout.StreamFeedback: {"rls.feedback.accepted.x"},
}

func fillOneAccount(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	if err := jet.MakeStreams(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{layout.StreamRejected, layout.StreamAudit} { // there was none
		if err := js.DeleteStream(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: layout.StreamFeedback,
		Subjects: []string{"rls.feedback.>"}}); err != nil {
		t.Fatal(err)
	}
	for _, subjects := range oldMessages {
		for _, subject := range subjects {
			if _, err := js.Publish(t.Context(), subject, []byte(subject)); err != nil {
				t.Fatal(err)
			}
		}
	}
	cons, err := js.CreateConsumer(
		t.Context(),
		layout.StreamFHIR,
		jetstream.ConsumerConfig{Durable: layout.Durable, AckPolicy: jetstream.AckExplicitPolicy},
	)
	if err != nil {
		t.Fatal(err)
	}
	m, err := cons.Next()
	if err == nil {
		err = m.DoubleAck(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// held waits until a stream has a message under each subject.
func held(t *testing.T, js jetstream.JetStream, stream string, subjects ...string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		missing := ""
		for _, subject := range subjects {
			if jet.LastOf(t.Context(), js, stream, subject) == nil {
				missing = subject
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not hold %s", stream, missing)
		}
	}
}
