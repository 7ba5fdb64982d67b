package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// Each folder of testdata/releases is what one release left behind: data.tar.gz, the data folder of
// its serve; export.gz; the input that went in; and as-of, the moment after. Whoever updates has
// such a folder. To keep those of another release, build it and run
//
//	go test ./cmd/rlsguard -run TestReleases -keep-release NAME -release-binary PATH
//
// which publishes testdata/releases/input.ndjson to it. New kinds of input are added there, of a
// form that every release reads alike.
const releases = "testdata/releases"

var (
	keepAs        = flag.String("keep-release", "", "keep the data of a release in testdata/releases under this name")
	releaseBinary = flag.String(
		"release-binary",
		"rlsguard",
		"the rlsguard of that release, by default the one that is tested",
	)
)

// TestReleases opens what earlier releases stored: it gives the flags and the answers that a replay
// of the same input gives now.
func TestReleases(t *testing.T) {
	if *keepAs != "" {
		keepRelease(t, *releaseBinary, filepath.Join(releases, *keepAs))
	}
	kept, err := filepath.Glob(filepath.Join(releases, "*", "data.tar.gz"))
	if err != nil || len(kept) == 0 {
		t.Fatalf("no release is kept: %v", err)
	}
	for _, data := range kept {
		folder := filepath.Dir(data)
		t.Run(filepath.Base(folder), func(t *testing.T) { reopenRelease(t, folder) })
	}
}

func reopenRelease(t *testing.T, folder string) {
	dir := filepath.Join(t.TempDir(), "data")
	unpackFolder(t, filepath.Join(folder, "data.tar.gz"), dir)
	asOf, err := os.ReadFile(filepath.Join(folder, "as-of"))
	if err != nil {
		t.Fatal(err)
	}
	input, _ := filepath.Abs(filepath.Join(folder, "input.ndjson.gz"))
	r := &opened{t: t, key: filepath.Join(dir, "site.key"), input: input, asOf: strings.TrimSpace(string(asOf))}
	r.expect()

	s := startServe(t, "rlsguard", dir, "--as-of", r.asOf)
	r.compare("the data folder", s)
	s.stop()

	// Without the frozen clock there are timers.
	s = startServe(t, "rlsguard", dir)
	s.run(0, "verify", "--key-file", r.key)
	s.stop()

	copied := filepath.Join(t.TempDir(), "imported")
	export, _ := filepath.Abs(filepath.Join(folder, "export.gz"))
	runIn(t, nil, "rlsguard", 0, "import", "--data", copied, "--key-file", r.key, export)
	s = startServe(t, "rlsguard", copied, "--as-of", r.asOf)
	r.compare("the export", s)
	s.stop()
}

// opened is a release whose data are compared with what replay says.
type opened struct {
	t                *testing.T
	key, input, asOf string
	flags            []releaseFlag
	answers          [][]releaseFlag // to each draft
}

// releaseFlag is what a flag has to have in common, whatever release words it.
type releaseFlag struct{ ID, Patient, Check, Ingredient, Severity, State string }

func releaseFlags(t *testing.T, lines string) []releaseFlag {
	t.Helper()
	list := []releaseFlag{}
	for line := range strings.Lines(lines) {
		var f releaseFlag
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, f)
	}
	return list
}

// expect asks replay, and check with files.
func (r *opened) expect() {
	r.t.Helper()
	files := []string{"--as-of", r.asOf, "--key-file", r.key, "--format", "json"}
	r.flags = releaseFlags(
		r.t,
		runIn(r.t, nil, "rlsguard", terminal.ExitRejected, append([]string{"replay", r.input}, files...)...),
	)
	for _, draft := range drafts(r.t) {
		r.answers = append(
			r.answers,
			releaseFlags(
				r.t,
				runIn(
					r.t,
					nil,
					"rlsguard",
					terminal.ExitRejected,
					append([]string{"check", "--facts", r.input, draft}, files...)...),
			),
		)
	}
	states, ids := map[string]int{}, map[string]int{}
	for _, f := range r.flags {
		states[f.State]++
		ids[f.Check]++
	}
	if states["open"] == 0 || states["acknowledged"] == 0 || states["overridden"] == 0 || len(ids) < 12 {
		r.t.Fatalf("the release does not say much: %v, %v", states, ids)
	}
	if silent := slices.DeleteFunc(slices.Clone(r.answers), func(a []releaseFlag) bool { return len(a) > 0 }); len(
		silent,
	) > 1 {
		r.t.Fatalf("%d drafts raise nothing", len(silent))
	}
}

// compare asks the server the same.
func (r *opened) compare(what string, s *served) {
	r.t.Helper()
	if diff := cmp.Diff(r.flags, releaseFlags(r.t, s.run(0, "watch", "--once", "--format", "json"))); diff != "" {
		r.t.Errorf("%s: flags (-replay +stored)\n%s", what, diff)
	}
	for i, draft := range drafts(r.t) {
		if diff := cmp.Diff(r.answers[i], releaseFlags(r.t, s.run(0, "check", "--format", "json", draft))); diff != "" {
			r.t.Errorf("%s: answer to draft %d (-replay +stored)\n%s", what, i+1, diff)
		}
	}
	if got := s.run(0, "verify", "--key-file", r.key); !strings.HasSuffix(got, ": the same\n") {
		r.t.Errorf("%s: %s", what, got)
	}
}

// drafts are files of the orders to be checked.
func drafts(t *testing.T) (paths []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(releases, "drafts.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for line := range strings.Lines(string(data)) {
		path := filepath.Join(dir, "draft"+string(rune('a'+len(paths)))+".json")
		if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}
