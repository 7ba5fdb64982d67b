package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/page"
)

type pageCommand struct {
	settings.Flag
	connect.Flags
	connect.PageFlags

	Listen   string        `default:"127.0.0.1:8225" placeholder:"ADDR" group:"page" help:"Address of the page; port 0 picks one. This machine only."`
	Data     string        `placeholder:"DIR" group:"page" help:"Folder for page.url, the file with the sign-in link. Default: the link is only printed."`
	Answer   bool          `group:"page" help:"Accept answers and send them as the user of the connection."`
	Answerer answererFlags `embed:"" prefix:"answer-" group:"answer"`
	KeyFile  string        `placeholder:"FILE" help:"Site key: leave out and count flags that rlsguard did not write. Default: not checked."`
	LogLevel string        `enum:"trace,debug,info,warn,error" default:"warn" placeholder:"LEVEL" help:"trace, debug, info, warn or error. Logs never hold patient data."`
}

// answererFlags are the user who answers, on the server that the page reads from.
type answererFlags struct {
	Creds  string `placeholder:"FILE" help:"Credentials file of the user who answers (mode 0600)."`
	NKey   string `name:"nkey" placeholder:"FILE" help:"NKEY seed (mode 0600)."`
	User   string `placeholder:"NAME" help:"User; needs --answer-password-file."`
	Pass   string `name:"password-file" placeholder:"FILE" help:"Password of --answer-user (mode 0600)."`
	Domain string `name:"js-domain" placeholder:"NAME" help:"JetStream domain. Default: that of --js-domain."`
	Inbox  string `name:"inbox-prefix" placeholder:"PREFIX" help:"Subject prefix for replies."`
}

// server is how that user connects: as the page does, but for who it is.
func (a *answererFlags) server(c connect.ServerFlags) connect.ServerFlags {
	return connect.ServerFlags{
		Creds: a.Creds, NKey: a.NKey, User: a.User, Pass: a.Pass, Inbox: a.Inbox,
		Domain: cmp.Or(a.Domain, c.Domain), CA: c.CA, Plain: c.Plain,
	}
}

// Help is shown below the options.
func (pageCommand) Help() string {
	return `Examples:
  rlsguard page
  rlsguard page --answer --page-author Practitioner/7
  rlsguard page --context dashboard \
    --answer-user reviewer --answer-password-file reviewer.password \
    --answer-inbox-prefix _INBOX_reviewer

Serves a live work list, one row per patient, with the details of each flag. A dashboard user may read it; timelines also need the right to ask rls.patient. Answers need the right to publish on fhir.DetectedIssue: pass --answer if the connected user has it, or name another user with the --answer- options.

The sign-in link is printed once. Anyone who has it can read every flag: keep it like a password.`
}

// Run shows the page until a signal comes.
func (c *pageCommand) Run(p *terminal.Program) error {
	if err := connect.CheckPage("--listen", c.Listen); err != nil {
		return err
	}
	set, err := c.ReadSite()
	if err != nil {
		return err
	}
	ctx, stop := terminal.Interruptible()
	defer stop()
	bus, err := c.bus()
	if err != nil {
		return err
	}
	defer bus.Close()
	cfg := c.PageConfig()
	cfg.Source, cfg.Reasons, cfg.Zone, cfg.Log = bus, set.Reasons, set.Zone, terminal.Logger(p, c.LogLevel)
	door, err := connect.OpenPage(ctx, c.Listen, c.Data, cfg)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer door.Close()
	terminal.Tell(p.Stderr, "%s", linkWords(door))
	<-ctx.Done()
	return nil
}

// bus connects the user who reads and, where there is one, the user who answers.
func (c *pageCommand) bus() (*page.Bus, error) {
	server, err := c.Find()
	if err != nil {
		return nil, err
	}
	b := &page.Bus{Domain: server.Domain}
	if c.KeyFile != "" {
		if b.Key, err = connect.ReadKey(c.KeyFile); err != nil {
			return nil, err
		}
	}
	if b.Read, err = server.PageLink("page"); err != nil {
		return nil, fmt.Errorf("connecting to NATS at %s: %w", jet.WithoutCredentials(server.URL), err)
	}
	switch {
	case c.Answerer != (answererFlags{}):
		other := c.Flags
		other.Nats, other.ServerFlags = server.URL, c.Answerer.server(c.ServerFlags)
		if server, err = other.Find(); err == nil {
			b.Write, err = server.PageLink("page answers")
		}
		if err != nil {
			b.Close()
			return nil, fmt.Errorf("user who answers (--answer-...): %w", err)
		}
	case c.Answer:
		b.Write = b.Read
	}
	return b, nil
}

func linkWords(d *connect.PageDoor) string {
	return "the page is at " + d.Link + " (whoever has this link can read every flag)"
}

func (c *serveCommand) checkPage() error {
	switch {
	case c.Page != "" && c.Domain != "":
		return errors.New(
			"--page cannot be used with --js-domain: with accounts, run rlsguard page as the " +
				"users page and reviewer",
		)
	case c.Page != "":
		return connect.CheckPage("--page", c.Page)
	case c.Author != "" || c.Records != "" || c.ReadOnly:
		return errors.New("the --page- options need --page ADDR")
	}
	return nil
}

// openPage opens the page beside a consumer; nil where none is asked for.
func (c *serveCommand) openPage(ctx context.Context, cfg *consumers.Config, dir string) (*connect.PageDoor, error) {
	if c.Page == "" {
		return nil, nil
	}
	shown := c.PageConfig()
	shown.Reasons = c.Own
	door, err := openPage(ctx, c.Page, dir, cfg, shown, !c.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("--page: %w", err)
	}
	c.link(linkWords(door))
	return door, nil
}

// openPage opens a page on the server that a consumer works on.
func openPage(
	ctx context.Context,
	address, dir string,
	cfg *consumers.Config,
	shown page.Config,
	answers bool,
) (*connect.PageDoor, error) {
	b := &page.Bus{Domain: cfg.Domain, Read: &page.Link{}, Key: cfg.Engine.Key}
	var err error
	if cfg.Embedded != nil {
		b.Read.Conn, err = cfg.Embedded.Connect(nats.Name("rlsguard page"), b.Read.Option())
	} else {
		b.Read, err = connect.Server{URL: cfg.URL, Options: cfg.Options}.PageLink("page")
	}
	if err != nil {
		return nil, err
	}
	if answers {
		b.Write = b.Read
	}
	shown.Source, shown.Log = b, cfg.Log
	shown.Zone = cfg.Engine.Settings.Zone
	if asOf := cfg.AsOf; !asOf.IsZero() {
		shown.Now = func() time.Time { return asOf }
	}
	door, err := connect.OpenPage(ctx, address, dir, shown)
	if err != nil {
		b.Close()
		return nil, err
	}
	door.Also(b.Close)
	return door, nil
}
