package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/pace"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
)

type serveCommand struct {
	settings.Flag

	Nats string `name:"nats" placeholder:"URL" group:"connection" help:"NATS server with JetStream; needs --key-file. Default: a server inside this process."`
	connect.ServerFlags

	Data      string   `placeholder:"DIR" group:"embedded" help:"Data folder. nats.url and http.url in it hold the addresses. Default: the user's data directory."`
	Listen    string   `default:"127.0.0.1:4222" placeholder:"ADDR" group:"embedded" help:"Address; port 0 picks one. Other machines need --tls-cert and --users."`
	TLSCert   string   `name:"tls-cert" placeholder:"FILE" group:"embedded" help:"Server certificate (PEM). With --nats: client certificate."`
	TLSKey    string   `name:"tls-key" placeholder:"FILE" group:"embedded" help:"Its private key (PEM)."`
	Users     string   `placeholder:"FILE" group:"embedded" help:"File of user:password:role lines (mode 0600). Roles as in deploy/accounts.conf: producer, orders, reviewer, dashboard, operator, rlsguard, admin, sys. Users connect with --js-domain RLSGUARD and --inbox-prefix _INBOX_NAME. Default: one user with all rights, created on first start."`
	WebSocket string   `name:"websocket" group:"embedded" placeholder:"ADDR" help:"Address for browsers (NATS over WebSocket); port 0 picks one, written to DIR/websocket.url. Other machines need --tls-cert and --users. Default: off."`
	Origins   []string `name:"websocket-origin" sep:"none" group:"embedded" placeholder:"ORIGIN" help:"Origin of pages that may connect, such as https://dashboard.example.org. Repeatable. Default: pages of that address only."`
	Repair    bool     `group:"embedded" help:"Continue with what is left of a damaged data folder. The damaged files are kept in DIR/damaged."`

	connect.DoorFlags

	Page     string `name:"page" placeholder:"ADDR" group:"page" help:"Address of the page, such as 127.0.0.1:8225; port 0 picks one. This machine only. The sign-in link is printed once and kept in DIR/page.url."`
	ReadOnly bool   `name:"page-read-only" group:"page" help:"Show flags, but take no answers."`
	connect.PageFlags
	link func(text string) // tells the sign-in link

	HTTP      string `name:"http" default:"127.0.0.1:8223" placeholder:"ADDR" help:"Address for /healthz, /readyz and /metrics; port 0 picks one."`
	KeyFile   string `placeholder:"FILE" help:"Site key: a secret of at least 16 bytes (mode 0600) that flag ids are made with. It must never change. Required with --nats. Default: created in DIR."`
	AsOf      string `placeholder:"TIME" help:"Freeze the clock at this date or RFC 3339 time, for tests and demonstrations."`
	Replicas  int    `default:"1" group:"streams" help:"Replicas of new streams; 3 in a cluster."`
	AuditDays int    `default:"400" placeholder:"DAYS" group:"streams" help:"Days to keep every transition for audit."`
	DeadDays  int    `placeholder:"DAYS" group:"streams" help:"Days to keep rejected input. Default: 90 for a new stream; existing streams are left unchanged."`
	LogLevel  string `enum:"trace,debug,info,warn,error" default:"info" placeholder:"LEVEL" help:"trace, debug, info, warn or error. Logs never hold patient data."`
}

// Help is shown below the options.
func (serveCommand) Help() string {
	return `Examples:
  rlsguard serve
  rlsguard serve --data /var/lib/rlsguard --config /etc/rlsguard/site.yaml
  rlsguard serve --context rlsguard --key-file site.key
  rlsguard serve --nats tls://nats.example.org:4222 --key-file site.key \
    --user rlsguard --password-file nats.password \
    --js-domain RLSGUARD --inbox-prefix _INBOX_rlsguard
  rlsguard serve --page 127.0.0.1:8225 \
    --page-records 'https://ehr.example.org/{type}/{id}'
  rlsguard serve --cds 127.0.0.1:8224 --cds-open
  rlsguard serve --cds :8443 --cds-tls-cert cds.pem --cds-tls-key cds.key \
    --cds-url https://cds.example.org \
    --cds-issuer https://ehr.example.org/=ehr-keys.json

Reads FHIR R4 events from fhir.> and publishes flags on rls.flags.<severity>.<check>.<id>. The stream RLS_FLAGS keeps the newest message of each flag. Input that cannot be read goes to rls.dead.<reason>. Draft orders are checked on rls.check (see rlsguard check), and with --cds over CDS Hooks. rls.patient returns one patient over time.

Start several for failover: one works, the others stand by. Ctrl-C or SIGTERM ends it once work in flight is finished.`
}

// Run serves until a signal comes.
func (c *serveCommand) Run(p *terminal.Program) error {
	set, err := c.Read()
	if err != nil {
		return err
	}
	c.Own, c.link = set.Reasons, func(text string) { terminal.Tell(p.Stderr, "%s", text) }
	cfg := consumers.Config{
		Engine: &fold.Engine{Settings: set.Settings, Ruleset: set.Ruleset}, Reader: set.Reader,
		Replicas: c.Replicas, Audit: time.Duration(c.AuditDays) * 24 * time.Hour,
		Dead: time.Duration(c.DeadDays) * 24 * time.Hour, Health: health.New(), Log: terminal.Logger(p, c.LogLevel),
	}
	if cfg.Replicas < 1 || cfg.Audit <= 0 {
		return errors.New("--replicas and --audit-days must be above 0")
	}
	if cfg.Dead < 0 {
		return errors.New("--dead-days must be above 0")
	}
	if err := c.Check(); err != nil {
		return err
	}
	if err := c.checkPage(); err != nil {
		return err
	}
	if c.AsOf != "" {
		if cfg.AsOf, err = settings.ParseAsOf(c.AsOf, set.Settings.Zone, p.Now()); err != nil {
			return err
		}
	}
	ctx, stop := terminal.Interruptible()
	defer stop()
	if c.Nats != "" || c.ServerFlags.Context != "" {
		defer runtime.KeepAlive(gcFloor())
		return c.external(ctx, cfg)
	}
	if !pace.Limited() {
		pacing, stop := context.WithCancel(context.Background())
		defer stop()
		go pace.Keep(pacing)
	}
	return c.embedded(ctx, cfg)
}

// gcFloor lets the heap grow to twice its size before the garbage collector runs, however little
// lives on it: while few patients are known, collecting what every event leaves behind cost a tenth
// of the events a second. Nobody writes to it, so it takes addresses and no memory. Where the
// operator has set GOMEMLIMIT, of which it would take its share, there is none.
func gcFloor() []byte {
	if pace.Limited() {
		return nil
	}
	return make([]byte, 64<<20)
}

// external works on a server of the site's own.
func (c *serveCommand) external(ctx context.Context, cfg consumers.Config) error {
	if c.WebSocket != "" || len(c.Origins) > 0 || c.Users != "" {
		return errors.New(
			"--users, --websocket and --websocket-origin are for the embedded server: on your own server they are " +
				"set in its configuration (see deploy/nats.conf)",
		)
	}
	if c.KeyFile == "" {
		return errors.New(
			"--nats and --context need --key-file: all instances on a server share the site key",
		)
	}
	var err error
	if cfg.Engine.Key, err = connect.ReadKey(c.KeyFile); err != nil {
		return err
	}
	server, err := connect.Flags{Nats: c.Nats, ServerFlags: c.ServerFlags, TLSCert: c.TLSCert, TLSKey: c.TLSKey}.Find()
	if err != nil {
		return err
	}
	cfg.URL, cfg.Options, cfg.Domain = server.URL, server.Options, server.Domain.Inside()
	cfg.Log.Info().Str("nats", jet.WithoutCredentials(server.URL)).Msg("working on a NATS server")
	return c.run(ctx, cfg, c.Data)
}

// embedded works on a server inside this process.
func (c *serveCommand) embedded(ctx context.Context, cfg consumers.Config) (err error) {
	if c.WebSocket == "" && len(c.Origins) > 0 {
		return errors.New("--websocket-origin needs --websocket ADDR")
	}
	if c.ServerFlags != (connect.ServerFlags{}) {
		return errors.New(
			"--creds, --nkey, --user, --password-file, --ca, --js-domain, --inbox-prefix and " +
				"--plaintext need --nats",
		)
	}
	dir := c.Data
	if dir == "" {
		if dir, err = connect.DefaultDir(); err != nil {
			return err
		}
	}
	if cfg.Engine.Key, err = c.embeddedKey(dir); err != nil {
		return err
	}
	options := embedded.Options{
		Dir: dir, Listen: c.Listen, Repair: c.Repair, Log: cfg.Log,
		WebSocket: embedded.WebSocket{Listen: c.WebSocket, Origins: c.Origins},
	}
	if options.TLS, err = c.tls(cfg.Log); err != nil {
		return err
	}
	if options.Users, err = readUsers(c.Users); err != nil {
		return err
	}
	if cfg.Embedded, err = embedded.Start(ctx, options); err != nil {
		if ctx.Err() != nil { // it was told to stop before it had begun
			return nil
		}
		return whenInUse(
			err,
			"most likely by another rlsguard serve: end that first, or give a folder of its own with --data",
		)
	}
	defer func() { err = errors.Join(err, cfg.Embedded.Stop()) }()
	cfg.Domain = cfg.Embedded.Domain()
	cfg.Log.Info().Str(
		"nats",
		jet.WithoutCredentials(cfg.Embedded.URL()),
	).Str(
		"data",
		dir,
	).Msg(
		"NATS server runs inside",
	)
	return c.run(ctx, cfg, dir)
}

func (c *serveCommand) embeddedKey(dir string) ([]byte, error) {
	if c.KeyFile != "" {
		return connect.ReadKey(c.KeyFile)
	}
	return embedded.SiteKey(dir)
}

// tls is that of the server inside; its certificate is read again when the files change.
func (c *serveCommand) tls(log zerolog.Logger) (*tls.Config, error) {
	if c.TLSCert == "" && c.TLSKey == "" {
		return nil, nil
	}
	cert, err := connect.NewCertificate(c.TLSCert, c.TLSKey, log)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	return &tls.Config{GetCertificate: cert.Get, MinVersion: tls.VersionTLS12}, nil
}

// readUsers reads user:password:role lines from a file that nobody but its owner may read. A
// password may hold colons.
func readUsers(path string) ([]embedded.User, error) {
	if path == "" {
		return nil, nil
	}
	if err := connect.Private(path); err != nil {
		return nil, fmt.Errorf("--users: %w", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--users: %w", err)
	}
	var users []embedded.User
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		user, rest, _ := strings.Cut(line, ":")
		i := max(strings.LastIndexByte(rest, ':'), 0)
		if user == "" || i == 0 || !slices.Contains(embedded.Roles(), rest[i+1:]) {
			return nil, fmt.Errorf(
				"--users: %s:%d is not user:password:role; a role is one of %s",
				path, n, strings.Join(embedded.Roles(), ", "),
			)
		}
		users = append(users, embedded.User{Name: user, Password: rest[:i], Role: rest[i+1:]})
	}
	if len(users) == 0 {
		return nil, fmt.Errorf("--users: %s is empty", path)
	}
	return users, nil
}

// run answers HTTP and consumes until ctx ends.
func (c *serveCommand) run(ctx context.Context, cfg consumers.Config, dir string) (err error) {
	listener, err := net.Listen("tcp", c.HTTP)
	if err != nil {
		return fmt.Errorf("--http: %w", err)
	}
	url := "http://" + listener.Addr().String()
	if dir != "" {
		path := filepath.Join(dir, "http.url")
		if err := connect.WriteURL(path, url); err != nil {
			return errors.Join(err, listener.Close())
		}
		defer os.Remove(path)
	}
	doors, err := c.Open(ctx, &cfg, dir)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer doors.Close()
	shown, err := c.openPage(ctx, &cfg, dir)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer shown.Close()
	cfg.Log.Info().Str("http", url).Str("ruleset", cfg.Engine.Ruleset).Msg("health and metrics")
	web := connect.HealthServer(cfg.Health.Handler())
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	err = consumers.Serve(ctx, cfg)
	if closed := web.Close(); err == nil {
		err = closed
	}
	if served := <-failed; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = fmt.Errorf("--http: %w", served)
	}
	cfg.Log.Info().Msg("ended")
	return err
}
