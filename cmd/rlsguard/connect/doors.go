package connect

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/cdshooks"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/token"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/patients"
)

// DoorFlags are the options of the order check at serve.
type DoorFlags struct {
	CDS        string              `name:"cds" placeholder:"ADDR" group:"cds" help:"Address for CDS Hooks 2.0 (/cds-services); port 0 picks one, written to DIR/cds.url. Other machines need --cds-tls-cert and --cds-issuer. Default: off."`
	CDSTLSCert string              `name:"cds-tls-cert" placeholder:"FILE" group:"cds" help:"Certificate (PEM)."`
	CDSTLSKey  string              `name:"cds-tls-key" placeholder:"FILE" group:"cds" help:"Its private key (PEM)."`
	CDSIssuer  []string            `name:"cds-issuer" sep:"none" placeholder:"ISSUER=KEYS" group:"cds" help:"A client that may call: iss of its tokens, and its public keys (JWK Set) as a file or https address. Repeatable."`
	CDSURL     []string            `name:"cds-url" sep:"none" placeholder:"URL" group:"cds" help:"Base URL that clients call: the aud of their tokens. Repeatable. Default: the address of --cds."`
	CDSOrigin  []string            `name:"cds-origin" sep:"none" placeholder:"ORIGIN" group:"cds" help:"Origin of browser pages that may call (CORS), such as https://ehr.example.org. Repeatable."`
	CDSReason  []string            `name:"cds-reason" sep:"none" placeholder:"CODE=TEXT" group:"cds" help:"Extra reason to override a card. Repeatable; see also override_reasons in --config."`
	Own        []ordercheck.Reason `kong:"-"` // reasons of the configuration and the usual ones
	CDSOpen    bool                `name:"cds-open" group:"cds" help:"Development only: admit every client on this machine, without a token."`
}

// Check tells what of the options does not go together.
func (d *DoorFlags) Check() error {
	switch {
	case d.CDS == "" && (d.CDSTLSCert != "" || d.CDSTLSKey != "" || d.CDSIssuer != nil || d.CDSURL != nil ||
		d.CDSOrigin != nil || d.CDSReason != nil || d.CDSOpen):
		return errors.New("the --cds- options need --cds ADDR")
	case d.CDS == "":
		return nil
	case (d.CDSTLSCert == "") != (d.CDSTLSKey == ""):
		return errors.New("--cds-tls-cert and --cds-tls-key go together")
	case d.CDSOpen == (len(d.CDSIssuer) > 0):
		return errors.New(
			"--cds needs either --cds-issuer, for the clients that may call, or --cds-open for development",
		)
	}
	host, _, err := net.SplitHostPort(d.CDS)
	if err != nil {
		return fmt.Errorf("--cds: %w", err)
	}
	ip := net.ParseIP(host)
	switch here := host == "localhost" || ip != nil && ip.IsLoopback(); {
	case !here && d.CDSOpen:
		return errors.New("--cds-open listens on this machine only: give a loopback address, such as 127.0.0.1:8224")
	case !here && d.CDSTLSCert == "":
		return errors.New("--cds on an address that other machines can reach needs --cds-tls-cert and " +
			"--cds-tls-key")
	}
	return nil
}

// doors are what answers beside a consumer: the services rls.check and rls.patient, and CDS Hooks.
type doors struct {
	log     zerolog.Logger
	checker *ordercheck.Checker
	teller  *patients.Teller
	known   *commit.Known
	health  *health.Health
	nc      *nats.Conn
	bus     *cdshooks.NATS
	web     *http.Server
	cancel  context.CancelFunc
	ended   sync.WaitGroup
	urlFile string
}

// Open opens the doors for the consumer that cfg will be given to. They answer as soon as that
// knows what is stored.
func (d *DoorFlags) Open(ctx context.Context, cfg *consumers.Config, dir string) (_ *doors, err error) {
	cfg.Known, cfg.Feedback = commit.NewKnown(), d.CDS != ""
	o := &doors{
		log:    cfg.Log,
		known:  cfg.Known,
		health: cfg.Health,
		checker: &ordercheck.Checker{
			Engine:  cfg.Engine,
			Stored:  cfg.Known,
			Reader:  cfg.Reader,
			Metrics: ordercheck.NewMetrics(),
		},
	}
	o.teller = &patients.Teller{Engine: cfg.Engine, Stored: cfg.Known, Metrics: patients.NewMetrics()}
	if asOf := cfg.AsOf; !asOf.IsZero() {
		o.checker.AsOf = func() time.Time { return asOf }
		o.teller.AsOf = o.checker.AsOf
	}
	defer func() {
		if err != nil {
			o.Close()
		}
	}()
	if err := errors.Join(o.health.Register(o.checker.Metrics), o.health.Register(o.teller.Metrics)); err != nil {
		return nil, err
	}
	if o.nc, err = connectDoors(cfg); err != nil {
		return nil, err
	}
	if o.bus, err = cdshooks.NewNATS(o.nc, cfg.Replicas, cfg.Audit, cfg.Domain); err != nil {
		return nil, err
	}
	if o.teller.Trail, err = patients.NewTrail(o.nc, cfg.Engine.Key, cfg.Domain); err != nil {
		return nil, err
	}
	o.bus.Key = cfg.Engine.Key
	ctx, o.cancel = context.WithCancel(ctx)
	if d.CDS != "" {
		if err := d.openCDS(o, dir); err != nil {
			return nil, err
		}
	}
	o.ended.Go(func() { o.answer(ctx, d.CDS != "") })
	return o, nil
}

// connectDoors makes a connection of its own, so that questions do not queue behind the consumer's
// work.
func connectDoors(cfg *consumers.Config) (*nats.Conn, error) {
	// While the consumer itself is not ready it says why, and once is enough.
	quiet := func() bool { return cfg.Health != nil && len(cfg.Health.Reasons()) > 0 }
	reach := &jet.Reach{Log: cfg.Log.With().Str("for", "order check").Logger(), Server: cfg.URL, Quiet: quiet}
	options := append(append(
		reach.Options(),
		nats.Name("rlsguard check"),
		nats.ErrorHandler(
			func(_ *nats.Conn, _ *nats.Subscription, err error) { cfg.Log.Warn().Err(err).Msg("NATS, order check") },
		),
	), cfg.Options...)
	if cfg.Embedded != nil {
		return cfg.Embedded.Connect(options...)
	}
	return nats.Connect(cfg.URL, options...)
}

// answer offers the service from when the states are read until ctx ends. Until then other
// instances answer.
func (o *doors) answer(ctx context.Context, feedback bool) {
	select {
	case <-ctx.Done():
		return
	case <-o.known.Filled():
	}
	svc, err := ordercheck.Serve(o.nc, o.checker)
	if err != nil {
		o.log.Error().Err(err).Msg("order checks are not available")
		return
	}
	o.log.Debug().Str("subject", ordercheck.Subject).Msg("order check")
	if err := o.teller.Serve(svc, o.nc.MaxPayload()); err != nil {
		o.log.Error().Err(err).Msg("timelines are not available")
	}
	if feedback {
		if err := o.bus.Prepare(ctx); err != nil {
			o.log.Warn().Err(err).Msg("feedback cannot be stored yet")
		}
	}
	<-ctx.Done()
	if err := svc.Stop(); err != nil {
		o.log.Debug().Err(err).Msg("order check stopped")
	}
}

// openCDS opens the HTTP door.
func (d *DoorFlags) openCDS(o *doors, dir string) error {
	listener, err := net.Listen("tcp", d.CDS)
	if err != nil {
		return fmt.Errorf("--cds: %w", err)
	}
	url := "http://" + listener.Addr().String()
	if d.CDSTLSCert != "" {
		cert, err := NewCertificate(d.CDSTLSCert, d.CDSTLSKey, o.log)
		if err != nil {
			return errors.Join(fmt.Errorf("--cds-tls-cert, --cds-tls-key: %w", err), listener.Close())
		}
		url = "https://" + listener.Addr().String()
		listener = tls.NewListener(
			listener,
			&tls.Config{GetCertificate: cert.Get, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		)
	}
	c := cdshooks.Config{
		Checker:  o.checker,
		Bus:      o.bus,
		Origins:  d.CDSOrigin,
		Behind:   o.behind,
		MaxBytes: int64(o.checker.Reader.MaxBytes),
		Metrics:  cdshooks.NewMetrics(),
		Log:      o.log,
	}
	if c.Verifier, err = d.verifier(url); err == nil {
		c.Reasons, err = d.reasons()
	}
	if err == nil {
		err = o.health.Register(c.Metrics)
	}
	if err == nil && dir != "" {
		o.urlFile = filepath.Join(dir, "cds.url")
		err = WriteURL(o.urlFile, url)
	}
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if c.Verifier == nil {
		o.log.Warn().Str(
			"cds",
			url,
		).Msg(
			"CDS HOOKS IS OPEN (--cds-open): every program on this machine can ask about any patient, and answer " +
				"flags. For development only",
		)
	} else {
		o.log.Info().Str("cds", url).Int("issuers", len(d.CDSIssuer)).Msg("CDS Hooks")
	}
	o.web = doorPatience.server(cdshooks.NewHandler(c))
	o.ended.Go(func() {
		if err := o.web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			o.log.Error().Err(err).Msg("CDS Hooks ended")
		}
	})
	return nil
}

// behind tells that the consumer is not ready, so that what it knows may be out of date.
func (o *doors) behind() bool { return o.health != nil && len(o.health.Reasons()) > 0 }

// verifier checks the tokens of the issuers; nil when the door is open.
func (d *DoorFlags) verifier(url string) (*token.Verifier, error) {
	if d.CDSOpen {
		return nil, nil
	}
	issuers := map[string]*token.Keys{}
	for _, arg := range d.CDSIssuer {
		issuer, place, ok := strings.Cut(arg, "=")
		if !ok || issuer == "" || place == "" {
			return nil, fmt.Errorf("--cds-issuer %s: expected ISSUER=KEYS", arg)
		}
		keys, err := token.NewKeys(place)
		if err != nil {
			return nil, fmt.Errorf("--cds-issuer: %w", err)
		}
		issuers[issuer] = keys
	}
	base := d.CDSURL
	if len(base) == 0 {
		base = []string{url}
	}
	return token.NewVerifier(base, issuers), nil
}

// reasons are the site's own, those of the command line first, and the usual ones.
func (d *DoorFlags) reasons() ([]ordercheck.Reason, error) {
	var all []ordercheck.Reason
	for _, arg := range d.CDSReason {
		code, text, ok := strings.Cut(arg, "=")
		if !ok || !settings.ReasonCode.MatchString(code) || text == "" {
			return nil, fmt.Errorf(
				"--cds-reason %s: expected CODE=TEXT; a code has A-Z, a-z, 0-9, dot, minus and "+
					"underscore",
				arg,
			)
		}
		all = append(all, ordercheck.Reason{Code: code, Display: text})
	}
	return append(all, d.Own...), nil
}

// endWeb ends a web server; what is being answered gets a second.
func endWeb(s *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.Shutdown(ctx) != nil {
		s.Close()
	}
}

// Close closes the doors; what is being answered gets a moment.
func (o *doors) Close() {
	if o.cancel != nil {
		o.cancel()
	}
	if o.web != nil {
		endWeb(o.web)
	}
	if o.urlFile != "" {
		os.Remove(o.urlFile)
	}
	o.ended.Wait()
	if o.nc != nil {
		o.nc.Close()
	}
}

// WriteURL writes a file that others wait for: it is there whole, or not at all. A link that
// somebody left in the folder is not followed.
func WriteURL(path, url string) error { return writeFile(path, url, 0o644) }

func writeFile(path, url string, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(url + "\n")
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
