package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
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

// Each folder of testdata/scenarios is one story, told by its title in index.tsv: what replay has to flag and to reject is in
// expected.tsv and rejected.tsv.
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

// TestScenariosInAnyOrder replays every scenario with files, entries and lines shuffled and some of them repeated.
func TestScenariosInAnyOrder(t *testing.T) {
	variants := uint64(3)
	if testing.Short() {
		variants = 1
	}
	for _, s := range readScenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for seed := range variants {
				dir := t.TempDir()
				shuffleFolder(t, rand.New(rand.NewPCG(seed, 1)), filepath.Join(scenarios, s.name), dir)
				flags, _, _ := replayFolder(t, dir)
				if diff := cmp.Diff(s.flags, flags); diff != "" {
					t.Errorf("%s, seed %d: flags (-want +got)\n%s", s.title, seed, diff)
				}
			}
		})
	}
}

// replayFolder runs the command in this process, on a clock that stands at the as-of time.
func replayFolder(t *testing.T, dir string) ([]string, files.Summary, int) {
	t.Helper()
	account := filepath.Join(t.TempDir(), "summary.json")
	var stdout, stderr bytes.Buffer
	p := &terminal.Program{Stdin: strings.NewReader(""), Stdout: bufio.NewWriter(&stdout), Stderr: &stderr, Now: scenarioNow}
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

// shuffleFolder writes the files of a folder into another one: in another order, what is in them in another order, and some of
// it twice.
func shuffleFolder(t *testing.T, rng *rand.Rand, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	entries = append(entries, entries[rng.IntN(len(entries))]) // one file twice
	for i, n := range rng.Perm(len(entries)) {
		name := entries[i].Name()
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		_, ext, _ := strings.Cut(name, ".")
		if err := os.WriteFile(filepath.Join(to, fmt.Sprintf("%02d.%s", n, ext)), shuffleFile(t, rng, ext, data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func shuffleFile(t *testing.T, rng *rand.Rand, ext string, data []byte) []byte {
	t.Helper()
	if plain, packed := strings.CutSuffix(ext, ".gz"); packed {
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if data, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(shuffleFile(t, rng, plain, data))
		w.Close()
		return b.Bytes()
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if ext == "ndjson" {
		lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
		lines = append(lines, lines[rng.IntN(len(lines))])
		rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		return bytes.Join(lines, []byte("\n"))
	}
	return shuffleBundle(t, rng, data)
}

// shuffleBundle shuffles the entries of a Bundle and repeats one that may be repeated; the first of a document or message stays first.
func shuffleBundle(t *testing.T, rng *rand.Rand, data []byte) []byte {
	t.Helper()
	var doc map[string]json.RawMessage
	var entries []json.RawMessage
	if json.Unmarshal(data, &doc) != nil || string(doc["resourceType"]) != `"Bundle"` || json.Unmarshal(doc["entry"], &entries) != nil {
		return data
	}
	keep := 0
	if kind := string(doc["type"]); kind == `"document"` || kind == `"message"` {
		keep = 1
	}
	rest := entries[keep:]
	for _, e := range rest {
		if !bytes.Contains(e, []byte(`"fullUrl"`)) { // a fullUrl may be there only once
			rest = append(rest, e)
			break
		}
	}
	rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	var err error
	if doc["entry"], err = json.Marshal(append(entries[:keep:keep], rest...)); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
