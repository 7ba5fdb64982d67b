package deploy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/cdshooks"
	"github.com/rlsguard/rlsguard/consumers/certtest"
	"github.com/rlsguard/rlsguard/consumers/jet"
)

// users of accounts.conf but the servers' own.
var users = []string{"rlsguard", "admin", "producer", "orders", "reviewer", "dashboard", "operator", "page"}

// site is servers that run on the files of this folder.
type site struct {
	addresses []string
	ca        string
	login     func(user string) nats.Option // nil where users have passwords
}

// run starts n servers from a file of this folder, on other paths and free ports; replace says what
// else is changed, in pairs; where the new text is n texts with | between, each server takes its
// own.
func run(t *testing.T, file string, n int, replace ...string) site {
	t.Helper()
	dir := t.TempDir()
	certtest.Files(t, dir)
	for _, user := range append([]string{"sys"}, users...) {
		t.Setenv(strings.ToUpper(user)+"_PASSWORD", user+"-secret")
	}
	put(t, filepath.Join(dir, "accounts.conf"), read(t, "accounts.conf"))
	s := site{ca: filepath.Join(dir, "server.crt")}
	for i := range n {
		t.Setenv("NODE", fmt.Sprintf("node-%d", i))
		text := read(t, file)
		for k := 0; k < len(replace); k += 2 {
			now := strings.Split(replace[k+1], "|")
			text = swap(t, text, replace[k], now[i%len(now)])
		}
		if strings.Contains(text, "/var/lib/nats") {
			text = swap(t, text, "/var/lib/nats", filepath.Join(dir, fmt.Sprint("store", i)))
		}
		text = swap(t, text, "/etc/nats", dir)
		text = swap(t, text, "0.0.0.0:4222", "127.0.0.1:-1")
		path := filepath.Join(dir, fmt.Sprintf("nats%d.conf", i))
		put(t, path, text)
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
		t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
		if !srv.ReadyForConnections(time.Minute) {
			t.Fatal("the server does not get ready")
		}
		if !options.SyncAlways {
			t.Error("writes are not synced")
		}
		s.addresses = append(s.addresses, srv.Addr().String())
	}
	return s
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func swap(t *testing.T, text, old, now string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("the file does not hold %s", old)
	}
	return strings.ReplaceAll(text, old, filepath.ToSlash(now))
}

// connect connects a user to the first server.
func (s site) connect(t *testing.T, user string, options ...nats.Option) *nats.Conn {
	t.Helper()
	login := nats.UserInfo(user, user+"-secret")
	if s.login != nil {
		login = s.login(user)
	}
	options = append(
		options,
		login,
		nats.RootCAs(s.ca),
		nats.CustomInboxPrefix("_INBOX_"+user),
	)
	nc, err := nats.Connect("tls://"+s.addresses[0], options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// jetStream is that of a user, under the domain of the accounts.
func (s site) jetStream(t *testing.T, user string) jetstream.JetStream {
	t.Helper()
	domain := jet.NamedDomain("RLSGUARD")
	if user == "admin" || user == "rlsguard" {
		domain = domain.Inside()
	}
	js, err := jet.New(s.connect(t, user), domain)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// setUp makes the streams as the admin does.
func (s site) setUp(t *testing.T, replicas int) {
	t.Helper()
	js := s.jetStream(t, "admin")
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // until the servers found each other
		err := jet.MakeStreams(t.Context(), js, replicas)
		if err == nil {
			err = s.feedback(t, replicas)
		}
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// feedback makes the stream for what users did with cards.
func (s site) feedback(t *testing.T, replicas int) error {
	t.Helper()
	bus, err := cdshooks.NewNATS(s.connect(t, "admin"), replicas, time.Hour, jet.NamedDomain("RLSGUARD").Inside())
	if err != nil {
		return err
	}
	return bus.Prepare(t.Context())
}

// allowed tells whether the server lets a user do what do does.
func (s site) allowed(t *testing.T, user string, do func(*nats.Conn) error) bool {
	t.Helper()
	denied := make(chan error, 8)
	nc := s.connect(t, user, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err }))
	defer nc.Close()
	if err := do(nc); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil { // the refusal comes before the answer to this
		t.Fatal(err)
	}
	select {
	case err := <-denied:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Fatal(err)
		}
		return false
	case <-time.After(50 * time.Millisecond):
		return true
	}
}
