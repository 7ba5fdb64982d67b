package main

import (
	"errors"
	"fmt"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

type verifyCommand struct {
	settings.Flag
	storedFlags

	AsOf              string `placeholder:"TIME" help:"Evaluate as of this date or RFC 3339 time. Default: now, or the frozen time of rlsguard serve --as-of."`
	AcknowledgeLosses bool   `help:"First mark the recorded lost inputs as known; they are no longer reported."`

	AcceptStates bool `help:"First accept the states that exist, if others are lost for good."`

	Format string `enum:"text,json" default:"text" placeholder:"text|json" help:"json: one difference per line."`
}

// Help is shown below the options.
func (verifyCommand) Help() string {
	return `Examples:
  rlsguard verify
  rlsguard verify --context admin --key-file site.key --config site.yaml
  rlsguard verify --data /var/lib/rlsguard

Evaluates every patient again from the stored facts and compares the result with the open flags, the streams RLS and RLS_FLAGS, the audit, the timers and the inbound stream. Checks the checksum of every state. rlsguard serve may be running. Only --acknowledge-losses and --accept-states change anything.

Use the --config and --key-file of rlsguard serve, and a user who may read all streams. It needs as much memory as rlsguard serve.

What it may report:

  input-missing    inputs left the stream FHIR before they were decided
                   (age limit, purge, deletion). Publish them again, then run
                   rlsguard verify --acknowledge-losses.
  foreign-message  not written by rlsguard with this key, or an older message
                   put back. It is never used.
  states-lack      states were removed or replaced while nothing ran.
                   rlsguard serve decides nothing until they are restored. It
                   reads the stream FHIR again if that still holds everything.
                   If not, delete the stream RLS and import the newest export;
                   without an export, use --accept-states.

Patients are named by the token in rls.state.patient.<token>, never by identifier.

Exit codes: 0 all correct; 1 something differs or could not be read.`
}

// Run verifies.
func (c *verifyCommand) Run(p *terminal.Program) (err error) {
	set, err := c.Read()
	if err != nil {
		return err
	}
	opt := operate.VerifyOptions{Now: p.Now()}
	if c.AsOf != "" {
		if opt.AsOf, err = settings.ParseAsOf(c.AsOf, set.Settings.Zone, p.Now()); err != nil {
			return err
		}
	}
	ctx, stop := terminal.Interruptible()
	defer stop()
	s, err := c.open(ctx, p, "verify", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(s.explain(err), s.close()) }()
	opt.Engine = &fold.Engine{Settings: set.Settings, Ruleset: set.Ruleset, Key: s.key, NoClears: true}
	if c.AcceptStates {
		lacked, removed, err := s.AcceptStates(ctx, s.key)
		if err != nil {
			return err
		}
		if lacked {
			terminal.Tell(p.Stderr, "the existing states are accepted")
		}
		terminal.Tell(p.Stderr, "%s removed that rlsguard did not write", messages(int64(removed)))
	}
	if c.AcknowledgeLosses {
		n, err := s.AcknowledgeLosses(ctx, s.key)
		if err != nil {
			return err
		}
		terminal.Tell(p.Stderr, "%s acknowledged", terminal.Plural(int(n), "lost input", "lost inputs"))
	}
	var bar *terminal.Progress
	opt.Total = func(n int64) {
		bar.End()
		bar = terminal.StartProgress(p.Stderr, "reading", n, messages)
	}
	opt.Progress = func(n int64) { bar.Add(n) }
	sum, found, err := s.Verify(ctx, opt)
	bar.End()
	if err != nil {
		return err
	}
	if err := printDifferences(p, found, c.Format); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return verified(p, &sum, found, set.Ruleset, c.Format)
}

// itOrThem stands for so many things.
func itOrThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// messages words a number of messages.
func messages(n int64) string { return terminal.Plural(int(n), "message", "messages") }

func printDifferences(p *terminal.Program, found []operate.Difference, format string) error {
	for _, d := range found {
		if format == "json" {
			line, err := terminal.JSONLine(d)
			if err == nil {
				err = terminal.WriteLine(p.Stdout, line)
			}
			if err != nil {
				return err
			}
			continue
		}
		about := string(d.Kind)
		for _, part := range []struct{ name, text string }{{"patient", d.Token}, {"flag", d.Flag}, {"", d.Check}} {
			switch {
			case part.text == "":
			case part.name == "":
				about += " (" + part.text + ")"
			default:
				about += ", " + part.name + " " + part.text
			}
		}
		if _, err := fmt.Fprintf(p.Stdout, "%s: %s\n", terminal.Harmless(about),
			terminal.Harmless(d.Detail)); err != nil {
			return err
		}
	}
	return nil
}

// verified closes with what was looked at, and gives the exit code.
func verified(p *terminal.Program, sum *operate.Verified, found []operate.Difference, ruleset, format string) error {
	w := p.Stderr
	if format == "text" {
		w = p.Stdout
	}
	if sum.Ruleset != ruleset {
		terminal.Tell(
			p.Stderr,
			"the states were decided under other rules or settings (%s) than these (%s): give the --config of "+
				"rlsguard serve, or restart it",
			sum.Ruleset,
			ruleset,
		)
	}
	if sum.Inbound > 0 {
		terminal.Tell(
			p.Stderr,
			"%s the inbound stream (erased, purged or expired). No flag depends on %s; states can no longer be "+
				"rebuilt from that stream: keep exports",
			terminal.Plural(sum.Inbound, "decided message has left", "decided messages have left"),
			itOrThem(sum.Inbound),
		)
	}
	what := "the same"
	if len(found) > 0 {
		what = terminal.Plural(len(found), "difference", "differences")
	}
	fmt.Fprintf(
		w,
		"%s and %s verified as of %s: %s\n",
		terminal.Plural(sum.Patients, "patient", "patients"),
		terminal.Plural(sum.Flags, "open flag", "open flags"),
		sum.AsOf.UTC().Format("2006-01-02T15:04:05Z"),
		what,
	)
	if len(found) > 0 {
		return terminal.ErrReported
	}
	return nil
}
