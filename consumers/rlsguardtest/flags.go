// Package rlsguardtest is for tests in Go of other modules: the flags that FHIR files give, in one
// call.
//
//	func TestSertralineIsFlagged(t *testing.T) {
//		asOf := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
//		flags := rlsguardtest.Flags(t, asOf, "testdata/patient.json")
//		if !slices.ContainsFunc(flags, func(f checks.Flag) bool { return f.Check == "rls-ssri" }) {
//			t.Errorf("open are only %v", flags)
//		}
//	}
//
// It needs no server, and links none. Package bustest, below this one, runs a bus in the test's own
// process. For cases in files, with the flags that they must give, there is the command rlsguard
// test.
//
// The package must not know NATS or the command line.
package rlsguardtest

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/fhir"
)

// Kit decides with settings of its own. The zero value has those of the contract.
type Kit struct {
	Settings *checks.Settings // nil: checks.DefaultSettings
	Key      []byte           // site key of the flag ids; nil: one meant for tests
	Reader   fhir.Options     // its Terms are those of Settings, its clock stands at the as-of time
}

// Rejection is one resource that was rejected.
type Rejection struct {
	Place string // file and line, and a JSON pointer where there is one
	fhir.Rejection
}

func (r Rejection) String() string { return fmt.Sprintf("%s: %s: %s", r.Place, r.Reason, r.Detail) }

// Flags are the open flags that files give at asOf, sorted by patient, check and ingredient. A path
// is a file (a resource, a Bundle or NDJSON; also gzip) or a folder, which is read as rlsguard
// replay reads it. A file that cannot be read and a resource that is rejected fail the test: a test
// over input that nobody reads would pass for ever.
func Flags(t testing.TB, asOf time.Time, files ...string) []checks.Flag {
	t.Helper()
	return Kit{}.Flags(t, asOf, files...)
}

// FlagsOf is Flags for documents in memory: a resource, a Bundle, or NDJSON.
func FlagsOf(t testing.TB, asOf time.Time, documents ...string) []checks.Flag {
	t.Helper()
	return Kit{}.FlagsOf(t, asOf, documents...)
}

// Flags is the function of that name, under the settings of k.
func (k Kit) Flags(t testing.TB, asOf time.Time, files ...string) []checks.Flag {
	t.Helper()
	flags, rejected, err := k.Decide(asOf, files...)
	return held(t, flags, rejected, err)
}

// FlagsOf is the function of that name, under the settings of k.
func (k Kit) FlagsOf(t testing.TB, asOf time.Time, documents ...string) []checks.Flag {
	t.Helper()
	f := k.start(asOf)
	for i, text := range documents {
		if err := f.read(fmt.Sprintf("document-%d.json", i+1), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	return held(t, f.flags(), f.rejected, nil)
}

func held(t testing.TB, flags []checks.Flag, rejected []Rejection, err error) []checks.Flag {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rejected {
		t.Errorf("rejected: %s", r)
	}
	return flags
}

// Decide gives the flags of files, and what was rejected, for tests of just that. The error is that
// of a file that cannot be read, or of paths without any input.
func (k Kit) Decide(asOf time.Time, paths ...string) ([]checks.Flag, []Rejection, error) {
	f := k.start(asOf)
	read := 0
	for _, path := range paths {
		err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || name != path && !isInput(name) {
				return err
			}
			read++
			return f.file(name)
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if read == 0 {
		return nil, nil, fmt.Errorf(
			"no input in %s: no file ends in .json, .ndjson, .json.gz or .ndjson.gz",
			strings.Join(paths, ", "),
		)
	}
	return f.flags(), f.rejected, nil
}

func isInput(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	return strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".ndjson")
}

func (f *run) file(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return f.read(name, bytes.NewReader(data))
}

// read folds what a file holds.
func (f *run) read(name string, in io.Reader) error {
	f.input++
	err := f.reader.Stream(in, name, func(line int, r fhir.Resource) bool {
		f.take(fmt.Sprintf("%s:%d", name, line), r)
		return true
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
