package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

type replayCommand struct {
	configFlag
	againstFlags

	AsOf        string   `placeholder:"TIME" help:"Decide as of this date or RFC 3339 time; now when left out."`
	KeyFile     string   `placeholder:"FILE" help:"Site key for flag ids (at least 16 bytes, mode 0600). Without it ids are made with a public key meant for tests."`
	Format      string   `enum:"text,json,fhir" default:"text" help:"text to read, json (a line each) for programs, fhir (DetectedIssue, a line each)."`
	Explain     bool     `help:"Also say why checks stayed silent, for each medication order of each patient with RLS."`
	Transitions bool     `help:"Print every transition (opened, updated, resolved, ...), one event after the other, instead of the flags open at the end."`
	Summary     string   `placeholder:"FILE" help:"Write an account of all resources and rejections, as JSON."`
	FailOn      string   `enum:",high,moderate,low" default:"" placeholder:"SEVERITY" help:"Exit with 3 when a flag of this severity or a higher one is open at the end: high, moderate or low."`
	Paths       []string `arg:"" name:"path" help:"FHIR R4 JSON files (resource, Bundle, NDJSON; also gzip), folders (read recursively: .json, .ndjson, also .gz), or - for standard input."`
}

// Help is shown below the options.
func (replayCommand) Help() string {
	return `Flags go to standard output, sorted by patient, check and ingredient; as text by patient, the worst first. What cannot be read is reported on standard error with file, line and reason; nothing else is lost by it. The order of files and entries, and repetitions, do not change the flags.

Examples:
  rlsguard replay export/
  rlsguard replay --format json --as-of 2026-11-23 export/ | jq .summary
  rlsguard replay --explain patient.json
  zcat bulk.ndjson.gz | rlsguard replay --fail-on high --summary account.json -
  rlsguard replay --against proposed.yaml --html rehearsal.html export/`
}

// Run reads all paths and prints what is flagged.
func (c *replayCommand) Run(p *program) error {
	if c.Format == "fhir" && c.Explain {
		return fmt.Errorf("--explain has no FHIR form: use it with --format text or json")
	}
	if err := c.checkRehearsal(); err != nil {
		return err
	}
	set, err := c.setup()
	if err != nil {
		return err
	}
	r := &replay{program: p, options: c, sum: newSummary(), engine: fold.Engine{Settings: set.settings, Ruleset: set.ruleset}}
	if r.asOf, err = parseAsOf(c.AsOf, set.settings.Zone, p.now()); err != nil {
		return err
	}
	if r.engine.Key, err = c.key(); err != nil {
		return err
	}
	r.out = p.newPrinter(c.Format, c.Transitions)
	set.reader.Now = p.now()
	return r.run(set.reader)
}

func (c *replayCommand) key() ([]byte, error) {
	if c.KeyFile == "" {
		return []byte(publicTestKey), nil
	}
	return readKey(c.KeyFile)
}

// replay is one run over files.
type replay struct {
	*program
	options *replayCommand
	engine  fold.Engine
	asOf    time.Time
	out     printer
	sum     *summary

	fold       *fold.Replay
	unreadable int
	failure    error // of the output
}

func (r *replay) run(o fhir.Options) error {
	if r.options.KeyFile == "" && !r.options.wanted() {
		tellf(r.stderr, "flag ids are made with a public key meant for tests; --key-file gives them the site's own")
	}
	if err := r.read(o, r.options.Paths); err != nil {
		return err
	}
	if r.futile() {
		return fmt.Errorf("output: %w", r.failure)
	}
	return r.finish()
}

// read folds everything that paths name, and reports what could not be read and what held nothing.
func (r *replay) read(o fhir.Options, paths []string) error {
	in, err := openInputs(paths, r.stdin)
	if err != nil {
		return err
	}
	defer in.close()
	r.sum.Unread = append(r.sum.Unread, in.unread...)
	r.sum.quiet(r.engine.Settings)
	r.fold = fold.NewReplay(&r.engine)
	bar := startProgress(r.stderr, "reading", totalSize(in.sources), megabytes)
	before := 0
	readSources(in.sources, o, bar, func(n int, b batch) bool {
		r.take(n, in.sources[n].name, b)
		if b.last {
			r.end(in.sources[n].name, b, r.sum.Events-before)
			before = r.sum.Events
		}
		return !r.futile()
	})
	bar.end()
	r.sum.report(r.stderr)
	return nil
}

// futile: nobody takes the output any more, nor waits for an account.
func (r *replay) futile() bool { return r.failure != nil && r.options.Summary == "" }

// end accounts for a source that has been read.
func (r *replay) end(name string, b batch, events int) {
	if b.err != nil {
		r.unreadable++
		r.sum.Unread = append(r.sum.Unread, failedSource(name, b.err))
		return
	}
	r.sum.Unread = append(r.sum.Unread, emptied(name, events, b.hollow, b.line)...)
}

// take folds a part of a source in: at once, or one event after the other when transitions are wanted.
func (r *replay) take(n int, name string, b batch) {
	in := fold.Input{Arrival: checks.Arrival{Sequence: uint64(n) + 1}, Resources: b.resources, Source: name, AllowAck: true}
	if !r.options.Transitions {
		r.count(name, b.lines, r.fold.Fold(in))
		return
	}
	for i := range b.resources {
		in.Resources = b.resources[i : i+1]
		results, flags := r.fold.Step(in, r.asOf)
		r.count(name, b.lines[i:i+1], results)
		for _, f := range flags {
			r.print(f)
		}
	}
}

func (r *replay) count(name string, lines []int, results []fold.Result) {
	for i, res := range results {
		r.sum.event(res, func() string { return fmt.Sprintf("%s:%d", name, lines[i]) })
	}
}

func (r *replay) print(f checks.Flag) {
	if r.failure == nil {
		r.failure = r.out.flag(f)
	}
}

// finish decides and prints, and says how it went. The summary is written first, since whoever reads the output may close it early.
func (r *replay) finish() error {
	known := r.fold.Finish(r.asOf)
	patients := known.Patients()
	met := r.countFlags(known, patients)
	if r.options.Summary != "" {
		if err := r.sum.write(r.options.Summary); err != nil {
			return err
		}
	}
	if r.sum.Events == 0 {
		return errNothing
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
			r.failure = r.out.ended()
		}
	}
	if r.options.Explain {
		r.explain(known, patients)
	}
	if r.failure == nil {
		r.failure = r.out.end(r.sum)
	}
	return r.ended(met)
}

// ended gives the exit code.
func (r *replay) ended(met bool) error {
	switch {
	case r.failure != nil:
		return fmt.Errorf("output: %w", r.failure)
	case r.unreadable > 0:
		return errReported
	case met:
		return &exitError{code: exitFailOn, text: "a flag of severity " + r.options.FailOn + " or higher is open (--fail-on)"}
	case r.sum.Outcomes.Rejected > 0:
		return errRejected
	}
	return nil
}

// countFlags counts the flags that the decision left open and the patients of whom facts were left out, and tells whether one of them meets --fail-on.
func (r *replay) countFlags(known *fold.Memory, patients []checks.Ref) (met bool) {
	limit, err := checks.ParseSeverity(r.options.FailOn)
	for _, p := range patients {
		r.sum.leftOut(known.State(p).Cut)
		for _, f := range known.State(p).Flags {
			r.sum.flag(f.Severity)
			met = met || err == nil && f.Severity >= limit
		}
	}
	return met
}

// flagChunk is how many patients are evaluated at once, so that the texts of all flags need not be held.
const flagChunk = 1024

// printFlags prints the open flags, sorted by patient, check and ingredient; as text the worst first.
func (r *replay) printFlags(known *fold.Memory, patients []checks.Ref) {
	patients = slices.DeleteFunc(slices.Clone(patients), func(p checks.Ref) bool { return !anyOpen(known.State(p)) })
	r.out.begin(len(patients))
	text := r.options.Format == "text"
	if text {
		slices.SortStableFunc(patients, func(a, b checks.Ref) int { return cmp.Compare(worstOf(known.State(b)), worstOf(known.State(a))) })
	}
	for chunk := range slices.Chunk(patients, flagChunk) {
		if r.failure != nil {
			return
		}
		found := make([][]checks.Flag, len(chunk))
		eachInParallel(len(chunk), func(i int) {
			found[i] = checks.OpenFlags(known.State(chunk[i]), r.engine.Settings, r.engine.Key, r.engine.Ruleset, r.asOf)
		})
		for _, flags := range found {
			if text {
				flags = worstFirst(flags)
			}
			for _, f := range flags {
				r.print(f)
			}
		}
	}
}

// eachInParallel calls do for 0 to n-1, on all cores.
func eachInParallel(n int, do func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}

// anyOpen tells whether the last decision left a flag of a patient open; for most patients there is none, and nothing more to do.
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

func (r *replay) explain(known *fold.Memory, patients []checks.Ref) {
	for _, patient := range patients {
		if r.failure != nil {
			return
		}
		for _, s := range checks.Explain(known.State(patient), r.engine.Settings, r.asOf) {
			if r.failure == nil {
				r.failure = r.out.silence(s)
			}
		}
	}
}
