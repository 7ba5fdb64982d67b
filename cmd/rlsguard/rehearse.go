package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/files"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/parallel"
	"github.com/rlsguard/rlsguard/consumers/rehearse"
)

// rehearseFlags say how a rehearsal is written.
type rehearseFlags struct {
	Examples int    `default:"5" placeholder:"N" help:"Examples of each kind of change, per check."`
	HTML     string `name:"html" placeholder:"FILE" help:"Write the report as one HTML page. It names patients."`
}

type rehearseCommand struct {
	settings.Flag
	storedFlags
	rehearseFlags

	Against string `required:"" placeholder:"FILE" help:"Proposed configuration (YAML)."`
	AsOf    string `placeholder:"TIME" help:"Evaluate as of this date or RFC 3339 time. Default: now, or the frozen time of rlsguard serve --as-of."`
	Format  string `enum:"text,json" default:"text" placeholder:"text|json" help:"json: one changed flag per line, then the report."`
}

// Help is shown below the options.
func (rehearseCommand) Help() string {
	return `Examples:
  rlsguard rehearse --config site.yaml --against proposed.yaml
  rlsguard rehearse --config site.yaml --against proposed.yaml \
    --html rehearsal.html

Evaluates every stored patient under both configurations. Reports the flags that would open, close or change severity, per check and per 1,000 orders, with examples and reasons. Nothing is changed; rlsguard serve may be running. Use its --config and --key-file, and a user who may read the stream RLS.

Settings that change what is read (base_url, limits, facts) cannot be rehearsed over stored data. Use rlsguard replay --against for those.`
}

// Run rehearses over what is stored.
func (c *rehearseCommand) Run(p *terminal.Program) (err error) {
	sides, err := c.sides(p)
	if err != nil {
		return err
	}
	ctx, stop := terminal.Interruptible()
	defer stop()
	s, err := c.storedFlags.open(ctx, p, "rehearse", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if c.AsOf == "" {
		if frozen, err := s.FrozenAsOf(ctx, s.key); err != nil {
			return err
		} else if !frozen.IsZero() {
			sides.AsOf = frozen
		}
	}
	r := newRehearsal(p, c.rehearseFlags, c.Format)
	if err := rehearseStates(ctx, p, s, r, sides); err != nil {
		return err
	}
	report := r.Report(sides.AsOf, configName(c.Config), configName(c.Against))
	report.Settings, report.Compared = rehearse.Settings(sides.Before, sides.After), true
	return writeRehearsal(p, report, c.rehearseFlags, c.Format)
}

// sides are both configurations, which have to read and keep the same.
func (c *rehearseCommand) sides(p *terminal.Program) (*rehearse.Sides, error) {
	before, err := c.Read()
	if err != nil {
		return nil, err
	}
	after, err := settings.Flag{Config: c.Against}.Read()
	if err != nil {
		return nil, err
	}
	if why := otherReading(before, after); why != "" {
		return nil, fmt.Errorf("--against %s changes %s, which decides what is read and kept: "+
			"rehearse over files, with rlsguard replay --against", c.Against, why)
	}
	sides := &rehearse.Sides{Before: before.Settings, After: after.Settings}
	sides.AsOf, err = settings.ParseAsOf(c.AsOf, before.Settings.Zone, p.Now())
	return sides, err
}

// rehearseStates takes all stored patients in, each once.
func rehearseStates(
	ctx context.Context, p *terminal.Program, s *stored, r *rehearse.Rehearsal, sides *rehearse.Sides,
) error {
	var bar *terminal.Progress
	seen := map[facts.Ref]struct{}{}
	defer func() { bar.End() }()
	return s.States(ctx, s.key,
		func(n int64) { bar = terminal.StartProgress(p.Stderr, "deciding", n, messages) },
		func(n int64) { bar.Add(n) },
		func(st *checks.State) error {
			if _, twice := seen[st.Patient]; twice {
				return nil
			}
			seen[st.Patient] = struct{}{}
			one := sides.Patient(st, st)
			return r.Add(&one)
		})
}

// configName names a configuration for people.
func configName(path string) string {
	if path == "" {
		return "the settings of this version"
	}
	return path
}

// otherReading names what of two configurations makes them read or keep other facts; "" when the
// same are read.
func otherReading(a, b *settings.Setup) string {
	x, y := a.Reader, b.Reader
	switch {
	case x.Base != y.Base:
		return "base_url"
	case x.MaxBytes != y.MaxBytes || x.MaxDepth != y.MaxDepth || x.MaxEntries != y.MaxEntries:
		return "limits"
	case a.Settings.Facts != b.Settings.Facts:
		return "facts"
	}
	return ""
}

// newRehearsal starts a rehearsal; as JSON every change is a line.
func newRehearsal(p *terminal.Program, f rehearseFlags, format string) *rehearse.Rehearsal {
	r := rehearse.New(f.Examples)
	if format == "json" {
		r.Each = func(c rehearse.Change) error { return jsonLine(p, c) }
	}
	return r
}

func jsonLine(p *terminal.Program, v any) error {
	line, err := terminal.JSONLine(v)
	if err == nil {
		err = terminal.WriteLine(p.Stdout, line)
	}
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// writeRehearsal writes the report in all forms that are wanted.
func writeRehearsal(p *terminal.Program, report *rehearse.Report, f rehearseFlags, format string) error {
	if f.HTML != "" {
		if err := writeFile(f.HTML, report.WriteHTML); err != nil {
			return fmt.Errorf("--html: %w", err)
		}
	}
	if format == "json" {
		return jsonLine(p, map[string]*rehearse.Report{"rehearsal": report})
	}
	if err := report.WriteText(p.Stdout, terminal.Harmless); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// writeFile makes a file that only its owner reads: it names patients.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// againstFlags are the options of replay for a rehearsal over files.
type againstFlags struct {
	Against       string `placeholder:"FILE" group:"rehearsal" help:"Also evaluate with this configuration (YAML), and report the flags that differ."`
	AgainstBinary string `placeholder:"PATH" group:"rehearsal" help:"Also evaluate with another version of rlsguard, under --against or the same settings."`
	rehearseFlags `group:"rehearsal"`
}

func (f *againstFlags) wanted() bool { return f.Against != "" || f.AgainstBinary != "" }

// check tells what of replay's options does not go with a rehearsal.
func (c *replayCommand) checkRehearsal() error {
	switch {
	case !c.wanted() && c.HTML != "":
		return errors.New("--html needs --against or --against-binary")
	case !c.wanted():
		return nil
	case c.Transitions || c.Explain || c.FailOn != "" || c.Format == "fhir":
		return errors.New(
			"--transitions, --explain, --fail-on and --format fhir cannot be used with --against " +
				"and --against-binary",
		)
	}
	return nil
}

// rehearse compares the flags of what was read with those of another configuration, or another
// binary.
func (r *replay) rehearse(known *fold.Memory) error {
	out := newRehearsal(r.Program, r.options.rehearseFlags, r.options.Format)
	var report *rehearse.Report
	var err error
	if r.options.AgainstBinary != "" {
		report, err = r.againstBinary(out, known)
	} else {
		report, err = r.againstConfig(out, known)
	}
	if err != nil {
		return err
	}
	if n := r.sum.Outcomes.Rejected; n > 0 {
		report.Notes = append(
			report.Notes,
			terminal.Plural(
				n,
				"resource was rejected, and counts",
				"resources were rejected, and count",
			)+" on neither side.",
		)
	}
	if n := len(r.sum.Unread); n > 0 {
		report.Notes = append(
			report.Notes,
			"Not everything was read: "+terminal.Plural(
				n,
				"part of the input is",
				"parts of the input are",
			)+" reported on standard error.",
		)
	}
	return writeRehearsal(r.Program, report, r.options.rehearseFlags, r.options.Format)
}

func (r *replay) againstConfig(out *rehearse.Rehearsal, known *fold.Memory) (*rehearse.Report, error) {
	before, err := r.options.Read()
	if err != nil {
		return nil, err
	}
	after, err := settings.Flag{Config: r.options.Against}.Read()
	if err != nil {
		return nil, err
	}
	other := known
	if otherReading(before, after) != "" {
		if other, err = r.readAgain(after); err != nil {
			return nil, err
		}
	}
	sides := &rehearse.Sides{Before: before.Settings, After: after.Settings, AsOf: r.asOf}
	if err := addAll(out, sides, known, other); err != nil {
		return nil, err
	}
	report := out.Report(r.asOf, configName(r.options.Config), configName(r.options.Against))
	report.Settings, report.Compared = rehearse.Settings(before.Settings, after.Settings), true
	return report, nil
}

// readAgain reads all paths under settings that read or keep other facts.
func (r *replay) readAgain(set *settings.Setup) (*fold.Memory, error) {
	if slices.Contains(r.options.Paths, files.StdinName) {
		return nil, errors.New("--against changes what is read, and standard input can be read only once: give files")
	}
	quiet := *r.Program // what cannot be read has been reported
	quiet.Stderr = io.Discard
	set.Reader.Now = r.Now()
	read := files.Fold{
		Engine: &fold.Engine{
			Settings: set.Settings,
			Ruleset:  set.Ruleset,
			Key:      r.engine.Key,
			NoClears: true,
		}, Reader: set.Reader, AsOf: r.asOf,
	}
	known, err := read.Read(&quiet, r.options.Paths)
	if err == nil && read.Summary.Events == 0 {
		err = terminal.ErrNothing
	}
	return known, err
}

// addAll takes all patients of two readings in, in the order of their references.
func addAll(out *rehearse.Rehearsal, sides *rehearse.Sides, before, after *fold.Memory) error {
	patients := before.Patients()
	if after != before {
		patients = slices.Concat(patients, after.Patients())
		slices.Sort(patients)
		patients = slices.Compact(patients)
	}
	for chunk := range slices.Chunk(patients, flagChunk) {
		decided := make([]rehearse.Patient, len(chunk))
		parallel.Do(len(chunk), func(i int) {
			decided[i] = sides.Patient(before.State(chunk[i]), after.State(chunk[i]))
		})
		for i := range decided {
			if err := out.Add(&decided[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
