package casetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/cases"
	"github.com/rlsguard/rlsguard/consumers/cases/junit"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

type TestCommand struct {
	settings.Flag
	viaFlags

	AsOf     string   `default:"2026-11-23T08:00:00Z" placeholder:"TIME" help:"Date or RFC 3339 time for cases without one. Fixed, so that tests give the same answer every day."`
	Only     string   `placeholder:"REGEXP" help:"Run only cases whose name matches."`
	Shuffle  int      `placeholder:"N" help:"Also run N variants of each case with the input reordered and partly repeated. Flags must not change. Cases noted noshuffle are left out."`
	Jobs     int      `placeholder:"N" help:"Cases to run at once. Default: one per processor."`
	Update   bool     `help:"Write the results as the expected ones. Read the diff before you commit it."`
	JUnit    string   `name:"junit" placeholder:"FILE" help:"Also write the results as JUnit XML."`
	Coverage bool     `help:"List everything the cases reached and missed, not just the totals."`
	Format   string   `enum:"text,json" default:"text" placeholder:"text|json" help:"json: one case per line, then the coverage."`
	Import   string   `placeholder:"DIR" help:"Run nothing: write each HL7 CPG test case bundle as a case folder in DIR."`
	Paths    []string `arg:"" name:"path" help:"Case folders, folders of cases, .txtar archives, or HL7 CPG test case bundles."`
}

// Help is shown below the options.
func (TestCommand) Help() string {
	return `Examples:
  rlsguard test cases/
  rlsguard test --shuffle 3 --junit report.xml cases/
  rlsguard test --via-cds https://cds.example.org \
    --cds-mapping cards.yaml cases/

A case is a folder or a .txtar archive: input files (.json, .ndjson, .gz) and what they must give:

  expected.tsv     the flags open at the end:
                   patient, check, ingredient, severity
  rejected.tsv     rejections allowed: reason, count (default: none)
  transitions.tsv  changes in order, resource by resource:
                   change, patient, check, ingredient, severity
  as-of            date or time of evaluation (or as-of.txt)
  rlsguard.yaml    settings, as for --config

Tables are tab-separated, with a header; extra columns are ignored. One set of tables can serve many cases: add a column "scenario" with the folder, and index.tsv (scenario, title, as_of, notes).

--via-nats and --via-cds test a service instead. Its clock must match the cases (rlsguard serve --as-of, or --move-dates), and it must not know their patients. Cases that cannot be asked as a question are listed with the reason.

Coverage counts the checks, silence reasons and table rows the cases reached. A limit is covered if moving it up and moving it down both change the flags of a case.

Exit codes: 0 all cases pass; 1 a case could not be run; 3 something differs, or no case was compared.`
}

// Run runs all cases and says what differs.
func (c *TestCommand) Run(p *terminal.Program) error {
	all, err := c.load(p)
	if err != nil {
		return err
	}
	if c.Import != "" {
		return importCases(p, all, c.Import)
	}
	t := &testRun{Program: p, options: c}
	if err := t.prepare(); err != nil {
		return err
	}
	defer t.close()
	t.results = make([]cases.Result, len(all))
	t.runAll(all)
	if c.Update {
		if err := t.update(); err != nil {
			return err
		}
	}
	if c.JUnit != "" {
		if err := writeJUnit(c.JUnit, t.results); err != nil {
			return err
		}
	}
	return t.report()
}

// load finds the cases, and tells what was passed over.
func (c *TestCommand) load(p *terminal.Program) ([]*cases.Case, error) {
	only, err := regexp.Compile(c.Only)
	if err != nil {
		return nil, fmt.Errorf("--only: %w", err)
	}
	var all []*cases.Case
	for _, path := range c.Paths {
		found, notes, err := cases.Load(path)
		if err != nil {
			return nil, err
		}
		for _, n := range notes {
			terminal.Tell(p.Stderr, "%s", n)
		}
		for _, one := range found {
			if only.MatchString(one.Name) {
				all = append(all, one)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("--only %s: no case has such a name", c.Only)
	}
	return all, nil
}

// testRun is one run over cases.
type testRun struct {
	*terminal.Program
	options *TestCommand
	asOf    time.Time
	rules   *cases.Rules
	via     cases.Service
	close   func()
	results []cases.Result
}

func (t *testRun) prepare() (err error) {
	t.close = func() {}
	o := t.options
	if !o.elsewhere() {
		if t.rules, err = rulesOf(o.Flag); err != nil {
			return err
		}
		t.asOf, err = settings.ParseAsOf(o.AsOf, t.rules.Engine.Settings.Zone, t.Now())
		return err
	}
	if o.Config != "" || o.Update || o.Shuffle > 0 {
		return errors.New(
			"--config, --update and --shuffle cannot be used with --via-nats and --via-cds: a " +
				"service has its own settings",
		)
	}
	if t.asOf, err = settings.ParseAsOf(o.AsOf, time.UTC, t.Now()); err != nil {
		return err
	}
	if t.via, t.close, err = o.open(); err == nil && o.MoveDates {
		t.via = cases.Moved{Service: t.via, Now: t.Now()}
	}
	return err
}

func rulesOf(f settings.Flag) (*cases.Rules, error) {
	set, err := f.Read()
	if err != nil {
		return nil, err
	}
	return &cases.Rules{
		Engine: fold.Engine{
			Settings: set.Settings, Ruleset: set.Ruleset, Key: []byte(connect.PublicTestKey), NoClears: true,
		},
		Reader: set.Reader,
	}, nil
}

func (t *testRun) runAll(all []*cases.Case) {
	jobs := t.options.Jobs
	if jobs < 1 {
		jobs = runtime.GOMAXPROCS(0)
	}
	bar := terminal.StartProgress(
		t.Stderr,
		"testing",
		int64(len(all)),
		func(n int64) string { return terminal.Plural(int(n), "case", "cases") },
	)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(jobs, len(all)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(all); i = int(next.Add(1)) - 1 {
				began := time.Now()
				t.results[i] = t.one(all[i])
				t.results[i].Took = time.Since(began)
				bar.Add(1)
			}
		})
	}
	wg.Wait()
	bar.End()
}

// one runs a case and its variants.
func (t *testRun) one(c *cases.Case) cases.Result {
	r := cases.Result{Case: c}
	if t.via != nil {
		r.Got, r.Skipped, r.Err = c.RunVia(context.Background(), t.via, t.asOf)
		if r.Got != nil && r.Skipped == "" {
			r.Differences = c.Compare(r.Got)
		}
		return r
	}
	rules := t.rules
	if c.HasSettings {
		r.Err = c.Settings(func(path string) (err error) {
			rules, err = rulesOf(settings.Flag{Config: path})
			return err
		})
		if r.Err != nil {
			return r
		}
	}
	if r.Got, r.Err = c.Run(rules, t.asOf); r.Err != nil {
		return r
	}
	if c.Want.Unknown != "" {
		r.Skipped = c.Want.Unknown
		return r
	}
	base := c.Compare(r.Got)
	r.Differences = base
	for n := 1; n <= t.options.Shuffle && c.MayShuffle(); n++ {
		got, err := c.RunShuffled(rules, t.asOf, n)
		if err != nil {
			r.Err = err
			return r
		}
		r.Variants++
		r.Differences = append(r.Differences, c.CompareShuffled(got, n, base)...)
	}
	return r
}

// update writes the expectations of cases that differ anew, and takes them as held.
func (t *testRun) update() error {
	for i := range t.results {
		r := &t.results[i]
		if r.Err != nil || len(r.Differences) == 0 {
			continue
		}
		if err := r.Case.Update(r.Got); err != nil {
			return err
		}
		terminal.Tell(t.Stderr, "%s: rewritten", r.Case.Name)
		for _, d := range r.Differences {
			terminal.Tell(t.Stderr, "  %s", terminal.Harmless(d.Kind+": "+d.Text))
		}
		r.Differences = nil
	}
	return nil
}

func writeJUnit(path string, results []cases.Result) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("--junit: %w", err)
	}
	if err := errors.Join(junit.Write(f, results), f.Close()); err != nil {
		return fmt.Errorf("--junit: %w", err)
	}
	return nil
}

// importCases writes bundles as folders, and tells those that expect nothing that can be compared.
func importCases(p *terminal.Program, all []*cases.Case, dir string) error {
	left := 0
	for _, c := range all {
		switch {
		case !c.IsCPG():
			continue
		case c.Fault != nil:
			return c.Fault
		case c.Want.Unknown != "":
			terminal.Tell(p.Stderr, "%s: not imported: %s", c.Name, c.Want.Unknown)
			left++
			continue
		}
		to := filepath.Join(dir, strings.ReplaceAll(c.Name, "/", "-"))
		if err := c.WriteTo(to); err != nil {
			return err
		}
		fmt.Fprintf(p.Stdout, "%s: %s\n", to, terminal.Plural(len(c.Want.Flags), "flag expected", "flags expected"))
	}
	if left > 0 {
		return terminal.ErrRejected
	}
	return nil
}
