package consumers

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
)

// EmbeddedOptions say where an embedded server keeps its data and listens.
type EmbeddedOptions struct {
	Dir    string // data folder; also gets nats.url
	Listen string // host:port; port 0 picks one
	// TLS and Users are needed to listen on more than the loopback interface. Without Users a user and password are made at the first start.
	TLS        *tls.Config
	Users      map[string]string // password by user
	MaxPayload int               // bytes of a message; 0 is the server's default of 1 MiB
	Log        zerolog.Logger
}

// Embedded is a NATS server with JetStream inside this process.
type Embedded struct {
	srv  *server.Server
	lock *os.File
	path string // of nats.url
	url  string
	user *url.Userinfo
}

// readyTimeout is how long a server may take to open its store.
const readyTimeout = 10 * time.Minute

// StartEmbedded starts a server and returns when it is ready for clients. It syncs every write: the server's default loses two
// minutes of acknowledged messages when the power fails.
func StartEmbedded(o EmbeddedOptions) (*Embedded, error) {
	host, port, err := listenAddress(o)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	e := &Embedded{lock: lock, path: filepath.Join(o.Dir, "nats.url")}
	if err := e.start(o, host, port); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return e, nil
}

func listenAddress(o EmbeddedOptions) (string, int, error) {
	host, p, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q is not host:port: %w", o.Listen, err)
	}
	port, err := strconv.Atoi(p)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("listen address %q has no port from 0 to 65535", o.Listen)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && (o.TLS == nil || len(o.Users) == 0) {
		return "", 0, fmt.Errorf("listen address %q can be reached from other machines: that needs TLS and users", o.Listen)
	}
	return host, port, nil
}

func (e *Embedded) start(o EmbeddedOptions, host string, port int) error {
	if err := os.Remove(e.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("data folder: %w", err)
	}
	users, err := credentials(o)
	if err != nil {
		return err
	}
	opts := &server.Options{
		ServerName: "rlsguard", Host: host, Port: port, NoSigs: true, JetStream: true, StoreDir: filepath.Join(o.Dir, "jetstream"),
		SyncAlways: true, MaxPayload: int32(o.MaxPayload), TLSConfig: o.TLS, TLS: o.TLS != nil,
		JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 1 << 30, // the disk is the limit, not the share of it that is free at start
	}
	for _, user := range slices.Sorted(maps.Keys(users)) { // the first is the one that nats.url names
		opts.Users = append(opts.Users, &server.User{Username: user, Password: users[user]})
		if e.user == nil {
			e.user = url.UserPassword(user, users[user])
		}
	}
	if e.srv, err = server.NewServer(opts); err != nil {
		return fmt.Errorf("embedded server: %w", err)
	}
	log := &serverLog{log: o.Log}
	e.srv.SetLoggerV2(log, false, false, false)
	e.srv.Start()
	if !ready(e.srv, log) {
		e.srv.Shutdown()
		e.srv.WaitForShutdown()
		return fmt.Errorf("embedded server did not get ready: %s", log.last())
	}
	return e.announce(o.TLS != nil)
}

// ready waits until the server takes clients; it never will after a fatal error, of which it only tells its log.
func ready(s *server.Server, log *serverLog) bool {
	for end := time.Now().Add(readyTimeout); time.Now().Before(end) && !log.failed(); {
		if s.ReadyForConnections(200 * time.Millisecond) {
			return s.JetStreamEnabled()
		}
	}
	return false
}

func (e *Embedded) announce(encrypted bool) error {
	u := url.URL{Scheme: "nats", User: e.user, Host: e.srv.Addr().String()}
	if encrypted {
		u.Scheme = "tls"
	}
	e.url = u.String()
	if err := writeFile(e.path, []byte(e.url+"\n")); err != nil {
		return errors.Join(fmt.Errorf("data folder: %w", err), e.Stop())
	}
	return nil
}

// credentials are the users of the options, else the one made at the first start.
func credentials(o EmbeddedOptions) (map[string]string, error) {
	if len(o.Users) > 0 {
		return o.Users, nil
	}
	path := filepath.Join(o.Dir, "nats.user")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte("rlsguard:" + rand.Text())
		err = writeFile(path, append(b, '\n'))
	}
	if err != nil {
		return nil, fmt.Errorf("credentials of the embedded server: %w", err)
	}
	user, password, ok := strings.Cut(strings.TrimSpace(string(b)), ":")
	if !ok || password == "" {
		return nil, fmt.Errorf("%s does not hold user:password", path)
	}
	return map[string]string{user: password}, nil
}

// URL is where clients of the server connect, with user and password.
func (e *Embedded) URL() string { return e.url }

// Addr is the address that the server listens on.
func (e *Embedded) Addr() string { return e.srv.Addr().String() }

// Connect connects from within the process.
func (e *Embedded) Connect(opts ...nats.Option) (*nats.Conn, error) {
	password, _ := e.user.Password()
	opts = append(opts, nats.InProcessServer(e.srv), nats.UserInfo(e.user.Username(), password))
	return nats.Connect("", opts...)
}

// Stop stops the server, once everything that it acknowledged is on disk.
func (e *Embedded) Stop() error {
	err := os.Remove(e.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
	return errors.Join(err, e.lock.Close())
}
