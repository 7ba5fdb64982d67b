package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/page"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

type demoCommand struct {
	Keep bool `help:"Leave the server running to try things, until Ctrl-C."`
}

// Help is shown below the options.
func (demoCommand) Help() string {
	return `Examples:
  rlsguard demo
  rlsguard demo --keep

Starts a NATS server and rlsguard in a temporary folder, publishes made-up patients and prints each flag as it is committed. Nothing is left behind.`
}

// Run tells the story once.
func (c *demoCommand) Run(p *terminal.Program) (err error) {
	ctx, stop := terminal.Interruptible()
	defer stop()
	dir, err := demoFolder()
	if err != nil {
		return c.alone(p, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d, err := startDemo(ctx, p, dir, c.Keep)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	if err := d.tell(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // Ctrl-C
		}
		return err
	}
	d.whatNext(c.Keep)
	if err := p.Stdout.Flush(); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if c.Keep {
		<-ctx.Done()
	}
	return nil
}

// demo is a server, a consumer on it and somebody who watches.
type demo struct {
	story
	server *embedded.Embedded
	page   *connect.PageDoor // nil unless it is kept
	nc     *nats.Conn

	doors func() // ends rls.check and rls.patient
	halt  context.CancelFunc
	serve chan error
	watch chan error
	flags chan checks.Flag // as they are committed
}

func startDemo(ctx context.Context, p *terminal.Program, dir string, keep bool) (*demo, error) {
	key, err := embedded.SiteKey(dir)
	if err != nil {
		return nil, err
	}
	set, err := settings.Flag{}.Read()
	if err != nil {
		return nil, err
	}
	engine := &fold.Engine{Settings: set.Settings, Ruleset: set.Ruleset, Key: key}
	d := &demo{
		story: newStory(p, engine, set.Reader),
		serve: make(chan error, 1),
		watch: make(chan error, 1),
		flags: make(chan checks.Flag),
	}
	if d.server, err = embedded.Start(ctx, embedded.Options{Dir: dir, Listen: "127.0.0.1:0",
		Log: zerolog.Nop()}); err != nil {
		return nil, err
	}
	if d.nc, err = d.server.Connect(); err != nil {
		return nil, errors.Join(err, d.server.Stop())
	}
	ctx, d.halt = context.WithCancel(ctx)
	cfg := consumers.Config{
		Embedded: d.server, Engine: engine,
		Reader: set.Reader, AsOf: demoAsOf, Log: zerolog.Nop(), Health: health.New(),
	}
	doors, err := (&connect.DoorFlags{}).Open(ctx, &cfg, "")
	if err != nil {
		return nil, errors.Join(err, d.server.Stop())
	}
	d.doors = doors.Close
	if keep {
		if d.page, err = openPage(ctx, "127.0.0.1:0", dir, &cfg, page.Config{}, true); err != nil {
			d.doors()
			return nil, errors.Join(err, d.server.Stop())
		}
	}
	go func() { d.serve <- consumers.Serve(ctx, cfg) }()
	if err := d.ready(ctx, cfg.Health); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	go func() { d.watch <- d.follow(ctx) }()
	return d, nil
}

// follow hands on every flag that is committed.
func (d *demo) follow(ctx context.Context) error {
	hand := func(f checks.Flag) error {
		select {
		case d.flags <- f:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	first := func(open []checks.Flag) error {
		for _, f := range open {
			if err := hand(f); err != nil {
				return err
			}
		}
		return nil
	}
	return watch.Watch(ctx, d.nc, watch.Options{}, first, hand)
}

// ready waits until the consumer works, and so the streams are there.
func (d *demo) ready(ctx context.Context, health *health.Health) error {
	for len(health.Reasons()) > 0 {
		select {
		case err := <-d.serve:
			d.serve <- err
			return cmp.Or(err, errors.New("the consumer ended"))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

func (d *demo) stop() error {
	d.halt()
	d.page.Close()
	d.doors()
	err := <-d.serve
	d.nc.Close()
	return errors.Join(err, d.server.Stop())
}
