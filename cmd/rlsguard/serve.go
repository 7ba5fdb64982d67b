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

	Nats string `name:"nats" placeholder:"URL" help:"NATS server with JetStream to work on. Without it, and without --context, a server runs inside this process."`
	connect.ServerFlags

	Data    string `placeholder:"DIR" help:"Data folder of the server inside; the user's data directory when left out. nats.url and http.url in it say where it is reached."`
	Listen  string `default:"127.0.0.1:4222" placeholder:"ADDR" help:"Address of the server inside; port 0 picks one. Other than this machine only with --tls-cert and --users."`
	TLSCert string `name:"tls-cert" placeholder:"FILE" help:"Certificate of the server inside (PEM); with --nats, that this client shows."`
	TLSKey  string `name:"tls-key" placeholder:"FILE" help:"Its private key (PEM)."`
	Users   string `placeholder:"FILE" help:"Users of the server inside, a line each: user:password:role (mode 0600). A role is one of deploy/accounts.conf, with its rights: producer, orders, reviewer, dashboard, operator, rlsguard, admin or sys. Users connect with --js-domain RLSGUARD and --inbox-prefix _INBOX_NAME. Without it one who may do everything is made at the first start."`
	Repair  bool   `help:"Go on with what is left of a damaged data folder, after serve refused it; a copy of what is damaged stays in DIR/damaged."`

	connect.DoorFlags

	Page     string `name:"page" placeholder:"ADDR" help:"Address of the page on which a person reads and answers flags, such as 127.0.0.1:8225; port 0 picks one. This machine only. Its sign-in link is printed once, and page.url in DIR has it."`
	ReadOnly bool   `name:"page-read-only" help:"The page shows flags and takes no answers."`
	connect.PageFlags
	link func(text string) // tells the sign-in link

	HTTP      string `name:"http" default:"127.0.0.1:8223" placeholder:"ADDR" help:"Address for /healthz, /readyz and /metrics; port 0 picks one."`
	KeyFile   string `placeholder:"FILE" help:"Site key: a secret of at least 16 bytes (mode 0600) that flag ids are made with. Needed with --nats, made in DIR otherwise. It stays the same for ever."`
	AsOf      string `placeholder:"TIME" help:"Freeze the clock at this date or RFC 3339 time, for tests and demonstrations."`
	Replicas  int    `default:"1" help:"Replicas of the streams that have to be made; 3 in a cluster."`
	AuditDays int    `default:"400" placeholder:"DAYS" help:"How long every transition is kept for audit."`
	DeadDays  int    `placeholder:"DAYS" help:"How long rejected input is kept. Left out: 90 where its stream has to be made, unchanged where it is there."`
	LogLevel  string `enum:"trace,debug,info,warn,error" default:"info" placeholder:"LEVEL" help:"trace, debug, info, warn or error. Logs never hold patient data."`
}

// Help is shown below the options.
func (serveCommand) Help() string {
	return `Takes FHIR R4 events from the subjects fhir.> and publishes flags on rls.flags.<severity>.<check>.<id>; the stream RLS_FLAGS keeps the newest of each flag. What cannot be read goes to rls.dead.<reason>. Orders being written are checked on the subject rls.check (see rlsguard check), and with --cds over CDS Hooks. A page asks for one patient over time on rls.patient. Several may run beside each other: one works, the others stand by.

SIGTERM and SIGINT (Ctrl-C) end it when what is in flight is finished.

Examples:
  rlsguard serve
  rlsguard serve --data /var/lib/rlsguard --config /etc/rlsguard/site.yaml
  rlsguard serve --nats tls://nats.example.org:4222 --user rlsguard --password-file nats.password --inbox-prefix _INBOX_rlsguard --js-domain RLSGUARD --key-file site.key
  rlsguard serve --page 127.0.0.1:8225 --page-records 'https://ehr.example.org/{type}/{id}'
  rlsguard serve --cds 127.0.0.1:8224 --cds-open
  rlsguard serve --cds :8443 --cds-tls-cert cds.pem --cds-tls-key cds.key --cds-url https://cds.example.org --cds-issuer https://ehr.example.org/=ehr-keys.json`
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
		return errors.New("--replicas and --audit-days have to be above 0")
	}
	if cfg.Dead < 0 {
		return errors.New("--dead-days has to be above 0")
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
	if c.KeyFile == "" {
		return errors.New(
			"--nats needs --key-file, and so does --context: instances on one server have to share the site key",
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
	if c.ServerFlags != (connect.ServerFlags{}) {
		return errors.New(
			"--creds, --nkey, --user, --password-file, --ca, --js-domain, --inbox-prefix and --plaintext go with " +
				"--nats",
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
	options := embedded.Options{Dir: dir, Listen: c.Listen, Repair: c.Repair, Log: cfg.Log}
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
		return nil, fmt.Errorf("--users: %s names nobody", path)
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
