package embedded

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/jet"
)

// Options say where an embedded server keeps its data and listens.
type Options struct {
	Dir    string // data folder; also gets nats.url
	Listen string // host:port; port 0 picks one
	// Private: nobody but this process connects, Listen and TLS do not count, and a store that is
	// damaged is refused instead of mended.
	Private bool
	// TLS and Users are needed to listen on more than the loopback interface. Without Users a user
	// and password are made at the first start, for everything. With Users the streams are kept in
	// the accounts of deploy/accounts.conf from then on.
	TLS        *tls.Config
	Users      []User
	WebSocket  WebSocket
	MaxPayload int // bytes of a message; 0 is the server's default of 1 MiB
	// Fresh begins with an empty store where that of a folder which was used before is gone, for
	// what is imported.
	Fresh bool
	// Repair goes on with what is left of a damaged store that cannot be made again from the
	// inbound stream.
	Repair bool
	Log    zerolog.Logger
}

// Embedded is a NATS server with JetStream inside this process.
type Embedded struct {
	options  Options
	server   *server.Options
	lock     *os.File
	path     string // of nats.url
	url      string
	addr     string
	user     *url.Userinfo
	endWipes func()     // nobody is asked to overwrite what was erased any more
	wiping   sync.Mutex // of the files that are overwritten
	// accounts: the streams are in those of deploy/accounts.conf.
	accounts bool
	log      *serverLog
	ledger   *ledger
	own      *nats.Conn // what it asks its server through; nil until it does. Only one goroutine uses it at a time
	keeping  context.CancelFunc
	kept     chan struct{} // closed when nobody watches over the disk any more

	Rebuild atomic.Uint64 // how far the inbound stream reached when it had to be read again, until a session knows
	Starts  atomic.Int64  // how often the server was started again

	mu     sync.Mutex
	srv    *server.Server
	onDisk func(fine, again bool)
}

// readyTimeout is how long a server may take to open its store.
const readyTimeout = 10 * time.Minute

// Start starts a server and returns when it is ready for clients. It syncs every write: the
// server's default loses two minutes of acknowledged messages when the power fails. Once ctx ends
// it gives up; what it had begun to mend, the next start goes on with.
func Start(ctx context.Context, o Options) (*Embedded, error) {
	if o.Private {
		o.Listen, o.TLS = "127.0.0.1:0", nil
	}
	host, port, err := listenAddress(o.Listen, &o)
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
	warnShared(o)
	e := &Embedded{options: o, lock: lock, path: filepath.Join(o.Dir, "nats.url"), log: &serverLog{log: o.Log}}
	if err := e.start(ctx, host, port); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return e, nil
}

func listenAddress(address string, o *Options) (string, int, error) {
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q is not host:port: %w", address, err)
	}
	port, err := strconv.Atoi(p)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("listen address %q has no port from 0 to 65535", address)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) &&
		(o.TLS == nil || len(o.Users) == 0) {
		return "", 0, fmt.Errorf(
			"listen address %q can be reached from other machines: that needs TLS and users",
			address,
		)
	}
	return host, port, nil
}

func (e *Embedded) start(ctx context.Context, host string, port int) error {
	o := &e.options
	if err := gone(e.path); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := writable(o.Dir); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := checkUsed(o); err != nil {
		return err
	}
	self, made, err := credentials(*o)
	if err != nil {
		return err
	}
	if err := e.configure(host, port, self); err != nil {
		return err
	}
	if err := e.open(ctx); err != nil {
		return err
	}
	if err := e.begun(made); err != nil {
		e.down()
		return err
	}
	if err := e.answerWipes(); err != nil {
		e.down()
		return fmt.Errorf("embedded server: %w", err)
	}
	if !o.Private {
		address := e.Current().Addr()
		e.addr = address.String()
		if tcp, ok := address.(*net.TCPAddr); ok {
			e.server.Port = tcp.Port // the same when it has to start again
		}
		if err := e.announce(o.TLS != nil); err != nil {
			e.endWipes()
			e.down()
			return err
		}
	}
	keeping, cancel := context.WithCancel(context.WithoutCancel(ctx)) // until Stop
	e.keeping, e.kept = cancel, make(chan struct{})
	go e.keep(keeping)
	return nil
}

// configure says how the server runs, and gives the streams to accounts where there are users: in
// the account of all streams only this process may do everything, as self.
func (e *Embedded) configure(host string, port int, self *server.User) error {
	o, dir := &e.options, e.options.Dir
	s := &server.Options{}
	e.server, e.user = s, url.UserPassword(self.Username, self.Password)
	e.accounts = len(o.Users) > 0 || inAccounts(dir)
	if e.accounts {
		if err := withAccounts(s, o.Users, self); err != nil {
			return err
		}
		if err := intoAccounts(dir); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	} else {
		s.Users = []*server.User{self}
	}
	s.ServerName, s.Host, s.Port, s.DontListen, s.NoSigs = "rlsguard", host, port, o.Private, true
	s.JetStream, s.StoreDir, s.SyncAlways = true, filepath.Join(dir, "jetstream"), true
	s.MaxPayload, s.TLSConfig, s.TLS = int32(o.MaxPayload), o.TLS, o.TLS != nil
	// the disk is the limit, not the share of it that is free at start
	s.JetStreamMaxStore, s.JetStreamMaxMemory = 1<<50, 1<<30
	return o.configureWebSocket(s)
}

// Domain is the one under which this process reaches the streams for others.
func (e *Embedded) Domain() jet.Domain {
	if !e.accounts {
		return jet.Domain{}
	}
	return jet.NamedDomain(domainName).Inside()
}

// up starts the server on the store as it is.
func (e *Embedded) up(ctx context.Context) error {
	e.log.clear()
	srv, err := server.NewServer(e.server.Clone())
	if err != nil {
		return fmt.Errorf("embedded server: %w", err)
	}
	srv.SetLoggerV2(e.log, false, false, false)
	srv.Start()
	if !ready(ctx, srv, e.log) {
		srv.Shutdown()
		srv.WaitForShutdown()
		if ctx.Err() != nil {
			return fmt.Errorf("embedded server: %w", ctx.Err())
		}
		return fmt.Errorf("embedded server did not get ready: %s%s", e.log.last(), wayOut(e.log.last()))
	}
	e.mu.Lock()
	e.srv = srv
	e.mu.Unlock()
	return nil
}

// wayOut is what to do about a fatal error of the server, where it is an address that others have or
// that this machine has not.
func wayOut(fatal string) string {
	for words, option := range map[string]string{
		"Error listening on port":        "--listen",
		"Unable to listen for websocket": "--websocket",
	} {
		if strings.HasPrefix(fatal, words) {
			return ": give another address with " + option + " ADDR"
		}
	}
	return ""
}

// down stops the server, once everything that it acknowledged is on disk.
func (e *Embedded) down() {
	e.hangUp()
	e.mu.Lock()
	srv := e.srv
	e.srv = nil
	e.mu.Unlock()
	if srv != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
	}
}

// Current is the server; nil while it starts again.
func (e *Embedded) Current() *server.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.srv
}

// ready waits until the server takes clients; it never will after a fatal error, of which it only
// tells its log.
func ready(ctx context.Context, s *server.Server, log *serverLog) bool {
	for end := time.Now().Add(readyTimeout); time.Now().Before(end) && !log.failed() && ctx.Err() == nil; {
		if s.ReadyForConnections(200 * time.Millisecond) {
			return s.JetStreamEnabled()
		}
	}
	return false
}

func (e *Embedded) announce(encrypted bool) error {
	u := url.URL{Scheme: "nats", User: e.user, Host: e.addr}
	if encrypted {
		u.Scheme = "tls"
	}
	e.url = u.String()
	if err := errors.Join(e.announceDomain(), e.announceWebSocket()); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := WriteFile(e.path, []byte(e.url+"\n")); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// DomainName is a file beside nats.url, with the name of the domain under which streams for others
// are reached; without it there is none.
const DomainName = "nats.domain"

func (e *Embedded) announceDomain() error {
	path := filepath.Join(e.options.Dir, DomainName)
	if e.accounts {
		return WriteFile(path, []byte(domainName+"\n"))
	}
	return gone(path)
}

// gone removes a file that need not be there.
func gone(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// passwordName is the file with the user that was made at the first start.
const passwordName = "nats.user"

// credentials are those of this process, and of whoever may read the data folder: made for this
// start where there are other users, else at the first start. made is what has to be kept of them.
func credentials(o Options) (self *server.User, made []byte, err error) {
	if len(o.Users) > 0 {
		return &server.User{Username: "rlsguard-" + rand.Text(), Password: rand.Text()}, nil, nil
	}
	path := filepath.Join(o.Dir, passwordName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		made = []byte("rlsguard:" + rand.Text() + "\n")
		b, err = made, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("credentials of the embedded server: %w", err)
	}
	user, password, ok := strings.Cut(strings.TrimSpace(string(b)), ":")
	if !ok || password == "" {
		return nil, nil, fmt.Errorf(
			"%s does not hold user:password: restore its backup, or delete it to get a new "+
				"password",
			path,
		)
	}
	return &server.User{Username: user, Password: password}, made, nil
}

// begun notes, once the server runs, that the folder holds a store: a start that failed leaves
// nothing that says so.
func (e *Embedded) begun(password []byte) error {
	dir := e.options.Dir
	if err := e.ledger.write(dir); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if password != nil {
		if err := WriteFile(filepath.Join(dir, passwordName), password); err != nil {
			return fmt.Errorf("credentials of the embedded server: %w", err)
		}
	}
	return markUsed(dir)
}

// URL is where clients of the server connect, with user and password.
func (e *Embedded) URL() string { return e.url }

// Addr is the address that the server listens on.
func (e *Embedded) Addr() string { return e.addr }

// Connect connects from within the process.
func (e *Embedded) Connect(opts ...nats.Option) (*nats.Conn, error) {
	password, _ := e.user.Password()
	opts = append(opts, nats.InProcessServer(e), nats.UserInfo(e.user.Username(), password))
	return nats.Connect("", opts...)
}

// InProcessConn implements nats.InProcessConnProvider: connections find the server again after it
// was started again.
func (e *Embedded) InProcessConn() (net.Conn, error) {
	srv := e.Current()
	if srv == nil {
		return nil, errors.New("the embedded server is restarting")
	}
	return srv.InProcessConn()
}

// Stop stops the server, once everything that it acknowledged is on disk.
func (e *Embedded) Stop() error {
	e.endWipes()
	dir := e.options.Dir
	err := errors.Join(gone(e.path), gone(filepath.Join(dir, DomainName)), gone(filepath.Join(dir, webSocketName)))
	e.keeping()
	<-e.kept
	err = errors.Join(err, e.close())
	return errors.Join(err, e.finishWipes(), e.lock.Close())
}
