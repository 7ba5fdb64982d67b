package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/files"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/due"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/parallel"
)

type dueCommand struct {
	settings.Flag
	storedFlags

	AsOf     string   `placeholder:"TIME" help:"Start from this date or RFC 3339 time. Default: now, or the frozen time of rlsguard serve --as-of."`
	Within   string   `default:"30d" placeholder:"DAYS" help:"How far to look: days (30d) or weeks (4w), to the end of the last day in the time zone of the settings."`
	By       string   `enum:"date,check" default:"date" placeholder:"date|check" help:"Sort order."`
	Format   string   `enum:"text,json,ical" default:"text" placeholder:"text|json|ical" help:"json: one change per line. ical: a calendar (iCalendar, RFC 5545)."`
	Patients string   `enum:"token,reference" default:"token" placeholder:"token|reference" help:"How a calendar names patients. token: a code only the site key can trace. reference: the patient, the drugs and the records."`
	Paths    []string `arg:"" optional:"" name:"path" help:"FHIR R4 JSON files or folders, or - for standard input, as for rlsguard replay. Default: what rlsguard serve has stored."`
}

// Help is shown below the options.
func (dueCommand) Help() string {
	return `Examples:
  rlsguard due --within 30d export/
  rlsguard due --within 4w --by check
  rlsguard due --format json --context admin \
    --key-file site.key --config site.yaml
  rlsguard due --within 90d --format ical >due.ics

Lists flags that will open, get worse, ease or close, and answers that will lapse, with date and reason: a result ages, a supply ends, a repeat falls due. New input may change any of it; rlsguard serve publishes each change when it happens.

Stored data is only read. Use the --config and --key-file of rlsguard serve, and a user who may read the stream RLS.

Calendars travel to phones and other servers, so patients appear as tokens unless you ask for --patients reference. Import into a separate calendar and replace it as a whole: dates move.`
}

// Run lists what is due.
func (c *dueCommand) Run(p *terminal.Program) error {
	set, err := c.Read()
	if err != nil {
		return err
	}
	d := &dueList{Program: p, options: c, set: set}
	if d.asOf, err = settings.ParseAsOf(c.AsOf, set.Settings.Zone, p.Now()); err != nil {
		return err
	}
	if _, err := d.until(); err != nil {
		return err
	}
	if len(c.Paths) == 0 {
		return d.stored()
	}
	return d.files()
}

// dueList is one run.
type dueList struct {
	*terminal.Program
	options *dueCommand
	set     *settings.Setup
	asOf    time.Time
	key     []byte
	list    due.List
}

func (d *dueList) until() (time.Time, error) {
	until, err := settings.ParseWithin(d.options.Within, d.zone(), d.asOf)
	if err != nil {
		return until, fmt.Errorf("--within: %w", err)
	}
	return until, nil
}

func (d *dueList) zone() *time.Location {
	if d.set.Settings.Zone == nil {
		return time.UTC
	}
	return d.set.Settings.Zone
}

// files looks ahead over files.
func (d *dueList) files() error {
	c := d.options
	if c.Data != "" || c.Nats != "" || c.ServerFlags != (connect.ServerFlags{}) {
		return errors.New(
			"paths are read without a server: leave out --data, --nats and the other connection " +
				"options",
		)
	}
	public := c.KeyFile == ""
	if public && c.Format == "ical" && c.Patients == "token" {
		return errors.New(
			"--format ical needs --key-file: anyone can trace tokens made with the public key",
		)
	}
	var err error
	if d.key, err = connect.ReplayKey(c.KeyFile); err != nil {
		return err
	}
	if public {
		terminal.Tell(
			d.Stderr,
			"flag ids use a public test key; give --key-file to use the site's own",
		)
	}
	d.set.Reader.Now = d.Now()
	engine := &fold.Engine{Settings: d.set.Settings, Ruleset: d.set.Ruleset, Key: d.key}
	read := files.Fold{Engine: engine, Reader: d.set.Reader, AsOf: d.asOf}
	known, err := read.Read(d.Program, c.Paths)
	if err != nil {
		return err
	}
	if read.Summary.Events == 0 {
		return terminal.ErrNothing
	}
	if err := d.lookAhead(known); err != nil {
		return err
	}
	if err := d.write(); err != nil {
		return err
	}
	switch {
	case read.Unreadable > 0:
		return terminal.ErrReported
	case read.Summary.Outcomes.Rejected > 0:
		return terminal.ErrRejected
	}
	return nil
}

func (d *dueList) lookAhead(known *fold.Memory) error {
	until, err := d.until()
	if err != nil {
		return err
	}
	patients := known.Patients()
	turns := make([][]checks.Turn, len(patients))
	parallel.Do(len(patients), func(i int) { turns[i] = d.turns(known.State(patients[i]), until) })
	for i := range turns {
		d.list.Add(turns[i])
	}
	return nil
}

func (d *dueList) turns(st *checks.State, until time.Time) []checks.Turn {
	return checks.Turns(st, d.set.Settings, d.key, d.set.Ruleset, d.asOf, until)
}

// stored looks ahead over what is stored. A state that was written while all are read comes twice;
// the first one counts, as for all that were not.
func (d *dueList) stored() (err error) {
	ctx, stop := terminal.Interruptible()
	defer stop()
	s, err := d.options.open(ctx, d.Program, "due", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(s.explain(err), s.close()) }()
	d.key = s.key
	if d.options.AsOf == "" {
		frozen, err := s.FrozenAsOf(ctx, s.key)
		if err != nil {
			return err
		}
		if !frozen.IsZero() {
			d.asOf = frozen
		}
	}
	until, err := d.until()
	if err != nil {
		return err
	}
	var bar *terminal.Progress
	seen := map[facts.Ref]struct{}{}
	err = s.States(ctx, s.key,
		func(n int64) { bar = terminal.StartProgress(d.Stderr, "looking ahead", n, messages) },
		func(n int64) { bar.Add(n) },
		func(st *checks.State) error {
			if _, twice := seen[st.Patient]; !twice {
				seen[st.Patient] = struct{}{}
				d.list.Add(d.turns(st, until))
			}
			return nil
		})
	bar.End()
	if err != nil {
		return err
	}
	return d.write()
}

// write writes the list in the form that is wanted.
func (d *dueList) write() error {
	c := d.options
	turns := d.list.ByDate()
	if c.By == "check" {
		turns = d.list.ByCheck()
	}
	if err := d.print(turns); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

func (d *dueList) print(turns []checks.Turn) error {
	c := d.options
	switch c.Format {
	case "json":
		return show.DueJSON(d.Program, turns)
	case "ical":
		tokens := layout.NewTokens(d.key)
		calendar := due.Calendar{AsOf: d.asOf, Harmless: terminal.Harmless, Details: c.Patients == "reference"}
		calendar.Name = func(patient facts.Ref) string { return tokens.Of(patient).String() }
		if calendar.Details {
			calendar.Name = func(patient facts.Ref) string { return string(patient) }
		}
		return calendar.Write(d.Stdout, turns)
	}
	until, err := d.until()
	if err != nil {
		return err
	}
	if err := show.DueText(d.Program, turns, c.By == "check", d.zone()); err != nil {
		return err
	}
	return show.DueEnd(d.Program, turns, d.asOf, until, d.zone())
}
