package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/files"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// Each folder of testdata/scenarios is one story, told by its title in index.tsv: what replay has
// to flag and to reject is in expected.tsv and rejected.tsv.
const (
	scenarios    = "testdata/scenarios"
	scenarioAsOf = "2026-11-23T08:00:00Z"
)

type scenario struct {
	name, title string
	flags       []string       // patient, check, ingredient and severity
	rejected    map[string]int // by reason
}

func TestScenarios(t *testing.T) {
	for _, s := range readScenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			flags, sum, code := replayFolder(t, filepath.Join(scenarios, s.name))
			if diff := cmp.Diff(s.flags, flags); diff != "" {
				t.Errorf("%s: flags (-want +got)\n%s", s.title, diff)
			}
			rejected := map[string]int{}
			for _, r := range sum.Rejected {
				rejected[r.Reason]++
			}
			if diff := cmp.Diff(s.rejected, rejected); diff != "" {
				t.Errorf("%s: rejected (-want +got)\n%s", s.title, diff)
			}
			want := terminal.ExitDone
			if len(s.rejected) > 0 {
				want = terminal.ExitRejected
			}
			if code != want {
				t.Errorf("%s: exit %d, want %d", s.title, code, want)
			}
			o := sum.Outcomes
			if n := o.Applied + o.Unchanged + o.Irrelevant + o.Waiting + o.Rejected; n != sum.Events || n == 0 {
				t.Errorf("%s: %d events, but %d outcomes", s.title, sum.Events, n)
			}
		})
	}
}

// TestScenariosAsCases runs the same folder as everybody else runs theirs, in several orders, and
// holds the coverage.
func TestScenariosAsCases(t *testing.T) {
	variants := "3"
	if testing.Short() {
		variants = "1"
	}
	var stdout, stderr bytes.Buffer
	p := &terminal.Program{
		Stdin:  strings.NewReader(""),
		Stdout: bufio.NewWriter(&stdout),
		Stderr: &stderr,
		Now:    time.Now,
	}
	code := execute(p, []string{"test", "--as-of", scenarioAsOf, "--shuffle", variants, "--format", "json", scenarios})
	for line := range strings.Lines(stdout.String()) {
		if strings.Contains(line, `"difference"`) {
			t.Error(line)
		}
	}
	if code != terminal.ExitDone || stderr.Len() > 0 {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	var total struct {
		Cases, Hold, Variants int
		Coverage              struct{ Checks struct{ Not []string } }
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &total); err != nil {
		t.Fatal(err)
	}
	if total.Cases != len(readScenarios(t)) || total.Hold != total.Cases || total.Variants < total.Cases*9/10 {
		t.Errorf("%+v", total)
	}
	if len(total.Coverage.Checks.Not) > 0 {
		t.Errorf("no scenario reaches %v", total.Coverage.Checks.Not)
	}
}

// replayFolder runs the command in this process, on a clock that stands at the as-of time.
func replayFolder(t *testing.T, dir string) ([]string, files.Summary, int) {
	t.Helper()
	account := filepath.Join(t.TempDir(), "summary.json")
	var stdout, stderr bytes.Buffer
	p := &terminal.Program{
		Stdin:  strings.NewReader(""),
		Stdout: bufio.NewWriter(&stdout),
		Stderr: &stderr,
		Now:    scenarioNow,
	}
	code := execute(p, []string{"replay", "--as-of", scenarioAsOf, "--format", "json", "--summary", account, dir})
	if code == terminal.ExitFailed {
		t.Fatalf("replay failed: %s", &stderr)
	}
	var flags []string
	for line := range strings.Lines(stdout.String()) {
		var f struct{ Patient, Check, Ingredient, Severity, State string }
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("line is no flag: %v: %s", err, line)
		}
		if f.State != "open" {
			t.Errorf("state %q: %s", f.State, line)
		}
		flags = append(flags, strings.Join([]string{f.Patient, f.Check, f.Ingredient, f.Severity}, " "))
	}
	var sum files.Summary
	data, err := os.ReadFile(account)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &sum); err != nil {
		t.Fatal(err)
	}
	return flags, sum, code
}

// scenarioNow is a clock that stands at the as-of time.
func scenarioNow() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

func readScenarios(t *testing.T) []scenario {
	t.Helper()
	var all []scenario
	for row := range tsv(t, filepath.Join(scenarios, "index.tsv")) {
		all = append(all, scenario{name: row[0], title: row[1], rejected: map[string]int{}})
	}
	find := func(name string) *scenario {
		i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
		if i < 0 {
			t.Fatalf("no scenario %q in index.tsv", name)
		}
		return &all[i]
	}
	for row := range tsv(t, filepath.Join(scenarios, "expected.tsv")) {
		s := find(row[0])
		s.flags = append(s.flags, strings.Join(row[1:5], " "))
	}
	for row := range tsv(t, filepath.Join(scenarios, "rejected.tsv")) {
		n, err := strconv.Atoi(row[2])
		if err != nil {
			t.Fatal(err)
		}
		find(row[0]).rejected[row[1]] += n
	}
	for i := range all {
		slices.Sort(all[i].flags)
	}
	return all
}

// tsv yields the rows of a table below its header.
func tsv(t *testing.T, path string) func(func([]string) bool) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	return func(yield func([]string) bool) {
		for _, line := range lines[1:] {
			if !yield(strings.Split(line, "\t")) {
				return
			}
		}
	}
}
