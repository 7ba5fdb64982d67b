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

	Severity string   `enum:",high,moderate,low" default:"" placeholder:"SEVERITY" help:"Only flags of this severity or a higher one: high, moderate or low."`
	State    []string `enum:"open,acknowledged,overridden" placeholder:"STATE" help:"Only flags in this state: open (nobody has answered), acknowledged or overridden; several with commas between."`
	Patient  []string `sep:"none" placeholder:"REF" help:"Only flags of this patient, such as Patient/7; may be given several times."`
	Format   string   `enum:"text,json,fhir" default:"text" help:"text to read, json (a line each) for programs, fhir (DetectedIssue, a line each)."`
	KeyFile  string   `placeholder:"FILE" help:"Site key: leaves out what rlsguard did not write, and says so."`
	Once     bool     `help:"Print the open flags and end, in the order and form of replay."`
	Due      string   `placeholder:"DAYS" help:"Only flags that time alone changes within so many days (30d) or weeks (4w), the next one first, with the date and what they become. Flags that are not open yet, and dates that moved since a flag was published, are told by rlsguard due."`
}

// Help is shown below the options.
func (watchCommand) Help() string {
	return `Prints the open flags and then, below a line, every change as it is committed, until Ctrl-C. Text is sorted by patient, the worst first and then the oldest; the other formats by patient, check and ingredient.
Standard error says when the connection is lost, so that the list may be out of date, and when it is back. On a terminal the last line says how many flags are open, when the last change came, and whether there is a connection.
A flag that no longer matches the options is shown once more, as the change that it is. One whose severity changes is shown twice: as moved, which is its last word under the old severity, and as updated.
Messages that cannot be read are left out and told there, and the exit code is 1.

Examples:
  rlsguard watch --severity high --state open
  rlsguard watch --patient Patient/7
  rlsguard watch --once --format json | jq -r .patient
  rlsguard watch --once --due 30d`
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
