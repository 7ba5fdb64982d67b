package rlsguardtest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/rlsguardtest"
)

const (
	rls = `{"resourceType":"Condition","id":"rls","subject":{"reference":"Patient/1"},
 "code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"G25.81"}]}}`
	order = `{"resourceType":"MedicationRequest","id":"m1","status":"active","intent":"order","subject":{"reference":"Patient/1"},
 "medicationCodeableConcept":{"text":"sertraline 50 mg tablet"},"authoredOn":"2026-11-01"}`
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// recorder is a test whose failures are counted.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func ids(flags []checks.Flag) (all []string) {
	for _, f := range flags {
		all = append(all, f.Check+" "+f.Severity.String())
	}
	return all
}

func TestFlagsOfFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.json": rls, "deeper/b.json": order, "notes.txt": "no input"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"rls-iron-unchecked low", "rls-ssri moderate"}
	if got := ids(rlsguardtest.Flags(t, asOf, dir)); !slices.Equal(got, want) {
		t.Errorf("of a folder: %v", got)
	}
	if got := ids(rlsguardtest.Flags(t, asOf, filepath.Join(dir, "deeper/b.json"),
		filepath.Join(dir, "a.json"))); !slices.Equal(
		got,
		want,
	) {
		t.Errorf("of files: %v", got)
	}
	if _, _, err := (rlsguardtest.Kit{}).Decide(asOf, filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there is no error")
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := (rlsguardtest.Kit{}).Decide(asOf, filepath.Join(dir, "empty")); err == nil {
		t.Error("a folder without input is no error")
	}
}

// TestRejectionsFail: a test whose input is rejected must not pass.
func TestRejectionsFail(t *testing.T) {
	r := &recorder{TB: t}
	rlsguardtest.FlagsOf(
		r,
		asOf,
		rls,
		`{"resourceType":"MedicationRequest","id":"m","status":"active",`+
			`"medicationCodeableConcept":{"text":"sertraline"}}`,
	)
	if len(r.failures) != 1 || !strings.Contains(r.failures[0], "document-2.json:1") {
		t.Errorf("failures %q", r.failures)
	}
}

func TestSettingsOfAKit(t *testing.T) {
	off := false
	set := checks.DefaultSettings()
	set.Checks = map[string]checks.CheckSetting{"rls-ssri": {Enabled: &off}}
	if got := ids((rlsguardtest.Kit{Settings: set}).FlagsOf(t, asOf, rls, order)); !slices.Equal(
		got,
		[]string{"rls-iron-unchecked low"},
	) {
		t.Errorf("%v", got)
	}
}

// TestLinksNoServer: whoever tests with this package must not link a NATS server, nor a client.
func TestLinksNoServer(t *testing.T) {
	for _, d := range deps(t, "github.com/rlsguard/rlsguard/consumers/rlsguardtest") {
		if strings.Contains(d, "nats-io/") {
			t.Errorf("rlsguardtest links %s", d)
		}
	}
}

func deps(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// A test in another module: the flags that a document gives.
func ExampleFlagsOf() {
	t := &testing.T{} // that of the test
	for _, f := range rlsguardtest.FlagsOf(t, asOf, rls, order) {
		fmt.Println(f.Check, f.Ingredient, f.Severity)
	}
	// Output:
	// rls-iron-unchecked  low
	// rls-ssri sertraline moderate
}

// A test in another module: the flags of files, as of a date that does not move.
func ExampleFlags() {
	t := &testing.T{} // the one that a test is called with
	asOf := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	flags := rlsguardtest.Flags(t, asOf, "testdata/patient.json")
	if !slices.ContainsFunc(flags, func(f checks.Flag) bool { return f.Check == "rls-ssri" }) {
		t.Errorf("sertraline is not flagged")
	}
	for _, f := range flags {
		fmt.Println(f.Patient, f.Check, f.Severity)
	}
	// Output:
	// Patient/1 rls-iron-unchecked low
	// Patient/1 rls-ssri moderate
}
