package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/files"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/parallel"
	"github.com/rlsguard/rlsguard/fhir"
)

type replayCommand struct {
	settings.Flag
	againstFlags

	AsOf        string   `placeholder:"TIME" help:"Evaluate as of this date or RFC 3339 time. Default: now."`
	KeyFile     string   `placeholder:"FILE" help:"Site key for flag ids (at least 16 bytes, mode 0600). Default: a public key, for tests."`
	Format      string   `enum:"text,json,fhir" default:"text" placeholder:"text|json|fhir" help:"json: one flag per line. fhir: one DetectedIssue per line."`
	Explain     bool     `help:"Also say why checks stayed silent, for each order of each RLS patient."`
	Transitions bool     `help:"Print every change (opened, updated, resolved, ...), event by event, not just what is open at the end."`
	Summary     string   `placeholder:"FILE" help:"Write an account of all resources and rejections (JSON)."`
	FailOn      string   `enum:",high,moderate,low" default:"" placeholder:"high|moderate|low" help:"Exit with 3 if a flag this severe or worse is open at the end."`
	Paths       []string `arg:"" name:"path" help:"FHIR R4 JSON: files (resource, Bundle, NDJSON; .gz too), folders (.json, .ndjson, .gz; recursive), or - for standard input."`
}

// Help is shown below the options.
func (replayCommand) Help() string {
	return `Examples:
  rlsguard replay export/
  rlsguard replay --format json --as-of 2026-11-23 export/ | jq .summary
  rlsguard replay --explain patient.json
  zcat bulk.ndjson.gz | rlsguard replay --fail-on high --summary account.json -
  rlsguard replay --against proposed.yaml --html rehearsal.html export/

Prints the flags, worst first for each patient. JSON and FHIR are sorted by patient, check and ingredient. What cannot be read is reported on standard error with file, line and reason; everything else still counts. Order and repetition of the input do not matter.`
}

// Run reads all paths and prints what is flagged.
func (c *replayCommand) Run(p *terminal.Program) error {
	if c.Format == "fhir" && c.Explain {
		return fmt.Errorf("--explain has no FHIR form: use it with --format text or json")
	}
	if err := c.checkRehearsal(); err != nil {
		return err
	}
	set, err := c.Read()
	if err != nil {
		return err
	}
	r := &replay{Program: p, options: c, engine: fold.Engine{
		Settings: set.Settings, Ruleset: set.Ruleset, NoClears: !c.Transitions,
	}}
	if r.asOf, err = settings.ParseAsOf(c.AsOf, set.Settings.Zone, p.Now()); err != nil {
		return err
	}
	if r.engine.Key, err = connect.ReplayKey(c.KeyFile); err != nil {
		return err
	}
	r.out = show.NewPrinter(p, c.Format, c.Transitions, false)
	set.Reader.Now = p.Now()
	return r.run(set.Reader)
}

// replay is one run over files.
type replay struct {
	*terminal.Program
	options *replayCommand
	engine  fold.Engine
	asOf    time.Time
	out     show.Printer
	read    files.Fold
	sum     *files.Summary
	failure error // of the output
}

func (r *replay) run(o fhir.Options) error {
	if r.options.KeyFile == "" && !r.options.wanted() {
		terminal.Tell(
			r.Stderr,
			"flag ids use a public test key; give --key-file to use the site's own",
		)
	}
	r.read = files.Fold{Engine: &r.engine, Reader: o, AsOf: r.asOf, Enough: r.futile}
	if r.options.Transitions {
		r.read.Transition = r.print
	}
	known, err := r.read.Read(r.Program, r.options.Paths)
	if err != nil {
		return err
	}
	r.sum = r.read.Summary
	if r.futile() {
		return fmt.Errorf("output: %w", r.failure)
	}
	return r.finish(known)
}

// futile: nobody takes the output any more, nor waits for an account.
func (r *replay) futile() bool {
	return r.failure != nil && r.options.Summary == ""
}

func (r *replay) print(f checks.Flag) {
	if r.failure == nil {
		r.failure = r.out.Flag(f)
	}
}

// finish prints, and says how it went. The summary is written first, since whoever reads the output
// may close it early.
func (r *replay) finish(known *fold.Memory) error {
	patients := known.Patients()
	met := r.countFlags(known, patients)
	if r.options.Summary != "" {
		if err := r.sum.Write(r.options.Summary); err != nil {
			return err
		}
	}
	if r.sum.Events == 0 {
		return terminal.ErrNothing
	}
	if r.options.wanted() {
		if err := r.rehearse(known); err != nil {
			return err
		}
		return r.ended(met)
	}
	if !r.options.Transitions {
		r.printFlags(known, patients)
		if r.failure == nil {
			r.failure = r.out.Ended()
		}
	}
	if r.options.Explain {
		r.explain(known, patients)
	}
	if r.failure == nil {
		r.failure = r.out.End(r.sum)
	}
	return r.ended(met)
}

// ended gives the exit code.
func (r *replay) ended(met map[string]int) error {
	switch {
	case r.failure != nil:
		return fmt.Errorf("output: %w", r.failure)
	case r.read.Unreadable > 0:
		return terminal.ErrReported
	case len(met) > 0:
		return &terminal.ExitError{Code: terminal.ExitFailOn, Text: failedOn(r.options.FailOn, met)}
	case r.sum.Outcomes.Rejected > 0:
		return terminal.ErrRejected
	}
	return nil
}

// countFlags counts the flags that the decision left open and the patients of whom facts were left
// out, and by check those that meet --fail-on.
func (r *replay) countFlags(known *fold.Memory, patients []facts.Ref) (met map[string]int) {
	met = map[string]int{}
	limit, err := checks.ParseSeverity(r.options.FailOn)
	for _, p := range patients {
		r.sum.LeftOut(known.State(p).Cut)
		for _, f := range known.State(p).Flags {
			r.sum.Flag(f.Severity)
			if err == nil && f.Severity >= limit {
				met[f.Check]++
			}
		}
	}
	return met
}

// failedOn says which checks met --fail-on, and how often.
func failedOn(limit string, met map[string]int) string {
	n := 0
	var which []string
	for _, check := range slices.Sorted(maps.Keys(met)) {
		n += met[check]
		which = append(which, fmt.Sprintf("%s (%d)", check, met[check]))
	}
	return fmt.Sprintf("%s of severity %s or higher, --fail-on: %s",
		terminal.Plural(n, "open flag", "open flags"), limit, strings.Join(which, ", "))
}

// flagChunk is how many patients are evaluated at once, so that the texts of all flags need not be
// held.
const flagChunk = 1024

// printFlags prints the open flags, sorted by patient, check and ingredient; as text the worst
// first.
func (r *replay) printFlags(known *fold.Memory, patients []facts.Ref) {
	patients = slices.DeleteFunc(slices.Clone(patients), func(p facts.Ref) bool { return !anyOpen(known.State(p)) })
	r.out.Begin(len(patients))
	text := r.options.Format == "text"
	if text {
		slices.SortStableFunc(
			patients,
			func(a, b facts.Ref) int { return cmp.Compare(worstOf(known.State(b)), worstOf(known.State(a))) },
		)
	}
	for chunk := range slices.Chunk(patients, flagChunk) {
		if r.failure != nil {
			return
		}
		found := make([][]checks.Flag, len(chunk))
		parallel.Do(len(chunk), func(i int) {
			found[i] = checks.OpenFlags(
				known.State(chunk[i]),
				r.engine.Settings,
				r.engine.Key,
				r.engine.Ruleset,
				r.asOf,
			)
			checks.AddClears(known.State(chunk[i]), r.engine.Settings, r.asOf, found[i])
		})
		for _, flags := range found {
			if text {
				flags = show.WorstFirst(flags)
			}
			for _, f := range flags {
				r.print(f)
			}
		}
	}
}

// anyOpen tells whether the last decision left a flag of a patient open; for most patients there is
// none, and nothing more to do.
func anyOpen(st *checks.State) bool {
	for _, f := range st.Flags {
		if f.Severity != checks.None {
			return true
		}
	}
	return false
}

// worstOf is the highest severity of a patient's open flags.
func worstOf(st *checks.State) checks.Severity {
	worst := checks.None
	for _, f := range st.Flags {
		worst = max(worst, f.Severity)
	}
	return worst
}

func (r *replay) explain(known *fold.Memory, patients []facts.Ref) {
	for _, patient := range patients {
		if r.failure != nil {
			return
		}
		for _, s := range checks.Explain(known.State(patient), r.engine.Settings, r.asOf) {
			if r.failure == nil {
				r.failure = r.out.Silence(s)
			}
		}
	}
}
