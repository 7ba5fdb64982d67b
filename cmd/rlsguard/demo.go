package main

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/page"
	"github.com/rlsguard/rlsguard/consumers/publish"
	"github.com/rlsguard/rlsguard/consumers/watch"
	"github.com/rlsguard/rlsguard/fhir"
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

//go:embed demo/*.json
var demoFiles embed.FS

// demoAsOf is the day on which the made-up patients are looked at: their dates stay where they are.
var demoAsOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// demoStory is what is published, and why it is worth looking at.
var demoStory = []struct{ file, words string }{
	{"1-anna", "Anna has RLS, good iron values, and was put on sertraline."},
	{"2-bert", "Bert has RLS, takes gabapentin beside oxycodone, and his ferritin is 41 ng/mL."},
	{"3-carla", "Carla has RLS and buys Tylenol PM, which holds diphenhydramine; nobody has looked at her iron."},
	{"4-dora", "Dora's RLS is in remission; she starts mirtazapine."},
	{"5-emil", "Emil takes sertraline too, but has no RLS: nothing to say."},
	{"6-anna-again", "Anna's sertraline is stopped: her flag is resolved."},
}

// Run tells the story once.
func (c *demoCommand) Run(p *terminal.Program) (err error) {
	ctx, stop := terminal.Interruptible()
	defer stop()
	dir, err := os.MkdirTemp("", "rlsguard-demo-")
	if err != nil {
		return err
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
	*terminal.Program
	server *embedded.Embedded
	page   *connect.PageDoor // nil unless it is kept
	nc     *nats.Conn
	out    show.Printer

	doors func() // ends rls.check and rls.patient
	halt  context.CancelFunc
	serve chan error
	watch chan error
	flags chan checks.Flag // as they are committed

	reader *fhir.Reader
	expect *fold.Replay // tells how many flags follow from a document
	n      uint64
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
	d := &demo{
		Program: p,
		out:     show.NewPrinter(p, "text", true, false),
		serve:   make(chan error, 1),
		watch:   make(chan error, 1),
		flags:   make(chan checks.Flag),
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
		Embedded: d.server, Engine: &fold.Engine{Settings: set.Settings, Ruleset: set.Ruleset, Key: key},
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
	d.expect = fold.NewReplay(cfg.Engine)
	d.reader = fhir.NewReader(set.Reader)
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

// tell publishes the story, one document after the other, and prints what is committed in between.
func (d *demo) tell(ctx context.Context) error {
	fmt.Fprintf(d.Stdout, "rlsguard demo: made-up patients, looked at as of %s\n\n", demoAsOf.Format("2 January 2006"))
	pub, err := publish.New(ctx, d.nc)
	if err != nil {
		return err
	}
	defer pub.Close()
	for _, chapter := range demoStory {
		fmt.Fprintf(d.Stdout, "> %s\n\n", chapter.words)
		if err := d.chapter(ctx, pub, chapter.file); err != nil {
			return err
		}
	}
	return nil
}

// chapter publishes one document and prints the flags that follow from it.
func (d *demo) chapter(ctx context.Context, pub *publish.Publisher, file string) error {
	data, err := demoFiles.ReadFile("demo/" + file + ".json")
	if err != nil {
		return err
	}
	if err := errors.Join(pub.Publish(ctx, data), pub.Wait(ctx, jet.WaitOptions{})); err != nil {
		return err
	}
	for range d.expected(data) {
		select {
		case f := <-d.flags:
			if err := d.out.Flag(f); err != nil {
				return fmt.Errorf("output: %w", err)
			}
		case err := <-d.watch:
			return cmp.Or(err, errors.New("the flags ended"))
		case <-time.After(demoPatience):
			return errors.New("a decided flag did not arrive")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := d.out.Ended(); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return d.Stdout.Flush()
}

const demoPatience = 30 * time.Second

// expected is the number of transitions that follow from a document: flags are a function of the
// events, so a replay beside the consumer knows.
func (d *demo) expected(data []byte) int {
	d.n++
	in := fold.Input{Arrival: facts.Arrival{Sequence: d.n}}
	d.reader.Document(data, func(r fhir.Resource) bool {
		in.Resources = append(in.Resources, r)
		return true
	})
	_, flags := d.expect.Step(in, demoAsOf)
	return len(flags)
}

// whatNext tells what to try.
func (d *demo) whatNext(keep bool) {
	fmt.Fprint(d.Stdout, "That was the whole way: FHIR in, decided, committed, flags out.\n\nTo go on:\n")
	if keep {
		fmt.Fprintf(d.Stdout, `  the server goes on until Ctrl-C; the work list of a pharmacist, in a browser:
  %s
in another terminal:
  export NATS_URL=%s
  rlsguard watch                         the open flags, then every change
  rlsguard publish FILE                  your own FHIR R4 JSON, as of %s
  nats sub 'rls.flags.high.>'            what a dashboard would read
`, d.page.Link, d.server.URL(), demoAsOf.Format(time.DateOnly))
		return
	}
	fmt.Fprint(d.Stdout, `  rlsguard demo --keep                   leave the server running and look around
  rlsguard replay FILE_OR_FOLDER         check your own FHIR R4 JSON, no server needed
  rlsguard serve                         keep a server and its flags; then publish and watch
  rlsguard checks                        every check with its limits and sources
`)
}
