package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

type watchCommand struct {
	connect.Flags

	Severity string `enum:",high,moderate,low" default:"" placeholder:"high|moderate|low" help:"Only flags this severe or worse."`
	Format   string `enum:"text,json,fhir" default:"text" placeholder:"text|json|fhir" help:"json: one flag per line. fhir: one DetectedIssue per line."`
	KeyFile  string `placeholder:"FILE" help:"Site key: leave out, and report, messages that rlsguard did not write."`
	Once     bool   `help:"Print the open flags and end."`
	Due      string `placeholder:"DAYS" help:"Only flags that time alone will change within so many days (30d) or weeks (4w), soonest first, with date and outcome. See also rlsguard due."`
}

// Help is shown below the options.
func (watchCommand) Help() string {
	return `Examples:
  rlsguard watch --severity high
  rlsguard watch --once --format json | jq -r .patient
  rlsguard watch --once --due 30d

Prints the open flags, worst first for each patient, then every change as it is committed, until Ctrl-C. JSON and FHIR are sorted by patient, check and ingredient.

A lost connection is reported on standard error: the list may then be out of date. So are messages that cannot be read; the exit code is then 1.`
}

// Run follows the flags.
func (c *watchCommand) Run(p *terminal.Program) (err error) {
	pick, err := c.pick(p)
	if err != nil {
		return err
	}
	ctx, stop := terminal.Interruptible()
	defer stop()
	// A link that died without a word is noticed within 15 seconds.
	nc, err := c.Connect(
		"watch",
		nats.PingInterval(5*time.Second),
		nats.MaxPingsOutstanding(2),
		nats.ReconnectWait(time.Second),
	)
	if err != nil {
		return err
	}
	defer nc.Close()
	defer func() { err = nc.Explain(err) }()
	options := watch.Options{Once: c.Once, Domain: nc.Domain}
	if c.Severity != "" {
		if options.Severity, err = checks.ParseSeverity(c.Severity); err != nil {
			return err
		}
	}
	if c.KeyFile == "" {
		fmt.Fprintln(p.Stderr, "rlsguard: signatures of flags are not checked: that takes --key-file")
	} else if options.Key, err = connect.ReadKey(c.KeyFile); err != nil {
		return err
	}
	left := 0
	options.LeftOut = func(why error) {
		left++
		terminal.Tell(p.Stderr, "left out: %v", why)
	}
	open, live := c.printers(p)
	options.Blind, options.Seeing = sight(p)
	ended := make(chan error, 1)
	go func() {
		ended <- watch.Watch(ctx, nc.Conn, options,
			func(flags []checks.Flag) error { return c.printAll(p, open, pick(flags)) },
			func(f checks.Flag) error {
				if picked := pick([]checks.Flag{f}); len(picked) > 0 {
					return c.printAll(p, live, picked)
				}
				return nil
			},
		)
	}()
	select {
	case err = <-ended:
		if err == nil && left > 0 {
			err = fmt.Errorf("messages left out, which may be flags: %d", left)
		}
		return err
	case <-ctx.Done():
	}
	select {
	case err = <-ended:
		return err
	case <-time.After(time.Second): // it waits for a server that is away, and prints nothing any more
		return nil
	}
}

// sight says on standard error since when what is printed may be out of date, and when it is not
// any more. Standard output is for flags.
func sight(p *terminal.Program) (blind func(time.Time, error), seeing func()) {
	again := ""
	blind = func(since time.Time, why error) {
		word := " since "
		again = "up to date again"
		if errors.Is(why, watch.ErrConnectionLost) {
			word, again = " at ", "connected again"
		}
		fmt.Fprintf(
			p.Stderr,
			"rlsguard: %v%s%s; the list may be out of date, retrying\n",
			why,
			word,
			since.Local().Format(time.TimeOnly),
		)
	}
	seeing = func() { fmt.Fprintf(p.Stderr, "rlsguard: %s at %s\n", again, p.Now().Local().Format(time.TimeOnly)) }
	return blind, seeing
}

// printAll prints flags so that they are seen at once.
func (c *watchCommand) printAll(p *terminal.Program, out show.Printer, flags []checks.Flag) error {
	if c.Format == "text" && c.Due == "" {
		flags = show.WorstFirst(flags)
	}
	out.Begin(patientsOf(flags))
	for _, f := range flags {
		if err := out.Flag(f); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	if err := out.Ended(); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	switch {
	case len(flags) > 0 || c.Format != "text":
	case c.Due != "":
		fmt.Fprintf(p.Stdout, "No open flag changes by itself within %s.\n", c.Due)
	default:
		fmt.Fprintln(p.Stdout, "No flag is open.")
	}
	if err := p.Stdout.Flush(); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// patientsOf counts the patients of flags.
func patientsOf(flags []checks.Flag) int {
	seen := map[facts.Ref]bool{}
	for i := range flags {
		seen[flags[i].Patient] = true
	}
	return len(seen)
}
