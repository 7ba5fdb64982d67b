package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/files"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/fhir"
)

// TestCorpus replays real-world samples, one after the other, and holds the outcome to what their
// index says. RLSGUARD_CORPUS is the folder with index.tsv: file, origin, kind, contents, expected
// outcome.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("RLSGUARD_CORPUS")
	if dir == "" {
		t.Skip("RLSGUARD_CORPUS is not set")
	}
	if testing.Short() {
		t.Skip("left out in short mode")
	}
	for row := range tsv(t, filepath.Join(dir, "index.tsv")) {
		t.Run(row[0], func(t *testing.T) {
			asOf, ok := sampleAsOf[row[0]]
			if !ok {
				asOf = scenarioAsOf
			}
			sample(t, filepath.Join(dir, row[0]), asOf, row[4])
		})
	}
}

// sampleAsOf is the day to look at a sample where its index means an earlier one than that of the
// scenarios.
var sampleAsOf = map[string]string{
	// The boundsPeriods of its dosages end on 5 and 6 January 2025.
	"ecqm-cms156-high-risk-meds/c409fbc9-a31f-4d53-9aa7-9e443e87812a.ndjson": "2025-01-04T12:00:00Z",
	// They have died since, and the dead have no flags.
	"synthea-r4-2019/Roberto_Graham_238a58eb-31dc-4054-82ee-0651ee76f391.json.gz":  "1987-10-01T12:00:00Z",
	"synthea-r4-2019/Sherman_McGlynn_8ef2ef98-48c5-427e-80d4-5e8f30ac8bf5.json.gz": "2012-07-01T12:00:00Z",
}

var (
	wantRejected = regexp.MustCompile(`^(invalid: must be rejected|FHIR STU3|FHIR DSTU2|status code outside)`)
	wantNoFlag   = regexp.MustCompile(`expect no flag|no flag from this file alone`)
	wantWithRLS  = regexp.MustCompile(`must flag current order: (\w+)`)
)

func sample(t *testing.T, path, asOf, expected string) {
	flags, sum := replayPaths(t, asOf, path)
	o := sum.Outcomes
	if n := o.Applied + o.Unchanged + o.Irrelevant + o.Waiting + o.Rejected; n != sum.Events || n == 0 ||
		o.Rejected != len(sum.Rejected) {
		t.Errorf("%d events, outcomes %+v, %d rejections told", sum.Events, o, len(sum.Rejected))
	}
	for _, r := range sum.Rejected {
		if r.Reason == "" || r.Detail == "" || !strings.HasPrefix(r.Source, path+":") {
			t.Errorf("a rejection without reason, detail or place: %+v", r)
		}
	}
	if wantRejected.MatchString(expected) && o.Rejected == 0 {
		t.Errorf("nothing is rejected, but: %s", expected)
	}
	if wantNoFlag.MatchString(expected) && len(flags) > 0 {
		t.Errorf("%v, but: %s", flags, expected)
	}
	m := wantWithRLS.FindStringSubmatch(expected)
	if m == nil {
		return
	}
	flags, _ = replayPaths(t, asOf, path, rlsForAll(t, path))
	if !slices.ContainsFunc(flags, func(f string) bool { return strings.Contains(f, m[1]) }) {
		t.Errorf("with RLS the flags are %v, but: %s", flags, expected)
	}
}

// replayPaths gives check, ingredient and severity of the open flags.
func replayPaths(t *testing.T, asOf string, paths ...string) ([]string, files.Summary) {
	t.Helper()
	account := filepath.Join(t.TempDir(), "summary.json")
	var stdout, stderr bytes.Buffer
	p := &terminal.Program{
		Stdin:  strings.NewReader(""),
		Stdout: bufio.NewWriter(&stdout),
		Stderr: &stderr,
		Now:    scenarioNow,
	}
	if code := execute(p, append([]string{"replay", "--as-of", asOf, "--format", "json", "--summary", account},
		paths...)); code == terminal.ExitFailed {
		t.Fatalf("replay failed: %s", &stderr)
	}
	var flags []string
	for line := range strings.Lines(stdout.String()) {
		var f struct{ Check, Ingredient, Severity string }
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		flags = append(flags, f.Check+" "+f.Ingredient+" "+f.Severity)
	}
	var sum files.Summary
	data, err := os.ReadFile(account)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &sum); err != nil {
		t.Fatal(err)
	}
	return flags, sum
}

// rlsForAll writes a file in which every patient of another file has a confirmed RLS diagnosis.
func rlsForAll(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	patients := map[facts.Ref]bool{}
	err = fhir.NewReader(fhir.DefaultOptions()).Stream(f, path, func(_ int, r fhir.Resource) bool {
		if r.Patient != "" {
			patients[r.Patient] = true
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for i, p := range slices.Sorted(maps.Keys(patients)) {
		fmt.Fprintf(
			&b,
			`{"resourceType":"Condition","id":"rls-%d","subject":{"reference":%q},`+
				`"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"G25.81"}]}}`+"\n",
			i,
			p,
		)
	}
	out := filepath.Join(t.TempDir(), "rls.ndjson")
	if err := os.WriteFile(out, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}
