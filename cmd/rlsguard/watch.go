package main

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

type watchCommand struct {
	connect.Flags

	Severity string   `enum:",high,moderate,low" default:"" placeholder:"high|moderate|low" help:"Only flags this severe or worse."`
	State    []string `enum:"open,acknowledged,overridden" placeholder:"STATE" help:"Only flags in this state: open (nobody has answered), acknowledged or overridden. Several, with commas between."`
	Patient  []string `sep:"none" placeholder:"REF" help:"Only flags of this patient, such as Patient/7. May be repeated."`
	Format   string   `enum:"text,json,fhir" default:"text" placeholder:"text|json|fhir" help:"json: one flag per line. fhir: one DetectedIssue per line."`
	KeyFile  string   `placeholder:"FILE" help:"Site key: leave out, and report, messages that rlsguard did not write."`
	Once     bool     `help:"Print the open flags and end."`
	Due      string   `placeholder:"DAYS" help:"Only flags that time alone will change within so many days (30d) or weeks (4w), soonest first, with date and outcome. See also rlsguard due."`
}

// Help is shown below the options.
func (watchCommand) Help() string {
	return `Examples:
  rlsguard watch --severity high --state open
  rlsguard watch --patient Patient/7
  rlsguard watch --once --format json | jq -r .patient
  rlsguard watch --once --due 30d

Prints the open flags and then, below a line, every change as it is committed, until Ctrl-C. Text is sorted by patient, the worst flag first, then the oldest; JSON and FHIR by patient, check and ingredient. A flag that no longer matches the options is shown once more, as the change that it is. One whose severity changes is shown twice: as moved under the old severity, then as updated.

A lost connection is reported on standard error: the list may then be out of date. So are messages that cannot be read; the exit code is then 1. On a terminal the last line shows how many flags are open, the last change, and the connection.`
}

// Run follows the flags.
func (c *watchCommand) Run(p *terminal.Program) (err error) {
	pick, err := c.picks(p)
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
	v := newWatchView(pick)
	defer v.feed.End()
	left := 0
	options.LeftOut = func(why error) {
		left++
		v.feed.Tell("left out: %v", why)
	}
	options.Blind, options.Seeing = v.blind, v.seeing
	ended := make(chan error, 1)
	go func() { ended <- watch.Watch(ctx, nc.Conn, options, v.first, v.change) }()
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
