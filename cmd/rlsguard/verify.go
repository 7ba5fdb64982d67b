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

	AsOf              string `placeholder:"TIME" help:"Date or RFC 3339 time to decide for; now when left out, or where rlsguard serve --as-of froze the clock, that."`
	AcknowledgeLosses bool   `help:"First note that the lost inputs which rlsguard serve has recorded are known: they are not reported any more."`

	AcceptStates bool `help:"First let the states that are there count, where others are lost for good."`

	Format string `enum:"text,json" default:"text" help:"text to read, json (a line for each difference) for programs."`
}

// Help is shown below the options.
func (verifyCommand) Help() string {
	return `Decides about every stored patient again, from the stored facts, and compares: with the flags that the patient's state has open, with the newest transition of each flag in the streams RLS and RLS_FLAGS, with the transitions kept for audit, with the timers that are set, and the inbound stream with what it should still hold. Checksums of all states are checked on the way. It changes nothing but what --acknowledge-losses and --accept-states say, and may run beside rlsguard serve. Give it the --config and --key-file of rlsguard serve, and rights to read all streams. It needs as much memory as rlsguard serve.

input-missing names inputs that left the stream FHIR before they were decided (maximum age, purge, deletion). Have them published again, then run rlsguard verify --acknowledge-losses.

foreign-message names what rlsguard did not write with this key, or an older message that was put back. It is never
used. states-lack says that states were removed, or replaced by older or foreign ones, while nobody ran. rlsguard serve
then decides nothing until they are restored: it reads the inbound stream again where that holds all; else delete the
stream RLS and import the newest export. Where there is none, --accept-states goes on without them.

Patients are named by their token, the last part of rls.state.patient.<token>: no identifier is printed.

Exit codes: 0 all is as it should be; 1 something differs, or could not be read.

Examples:
  rlsguard verify
  rlsguard verify --context admin --key-file site.key --config site.yaml
  rlsguard verify --data /var/lib/rlsguard`
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
			terminal.Tell(p.Stderr, "the states that are there are those that count from now on")
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
			"%s missing in the inbound stream had been decided: no flag depends on them, but states cannot be made "+
				"again from it",
			terminal.Plural(sum.Inbound, "message that is", "messages that are"),
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
