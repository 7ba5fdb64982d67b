package cases

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
)

// Flag is how a test identifies a flag.
type Flag struct {
	Patient    string `json:"patient"`
	Check      string `json:"check"`
	Ingredient string `json:"ingredient,omitempty"`
	Severity   string `json:"severity"`
}

func (f Flag) String() string {
	name := f.Check
	if f.Ingredient != "" {
		name += " (" + f.Ingredient + ")"
	}
	return strings.TrimSpace(f.Patient + " " + name + " " + f.Severity)
}

// key is a flag without its severity.
func (f Flag) key() Flag { f.Severity = ""; return f }

func compareFlags(a, b Flag) int {
	return cmp.Or(
		cmp.Compare(a.Patient, b.Patient),
		cmp.Compare(a.Check, b.Check),
		cmp.Compare(a.Ingredient, b.Ingredient),
		cmp.Compare(a.Severity, b.Severity),
	)
}

func flagOf(f *checks.Finding) Flag {
	return Flag{Patient: string(f.Patient), Check: f.Check, Ingredient: f.Ingredient, Severity: f.Severity.String()}
}

// Transition is one change of a flag.
type Transition struct {
	Change string `json:"change"`
	Flag
}

func (t Transition) String() string { return t.Change + " " + t.Flag.String() }

// Want is what a case must give.
type Want struct {
	Flags    []Flag         // sorted
	Rejected map[string]int // by reason
	// Transitions, one input after the other; nil if not tested.
	Transitions []Transition
	// Unknown says why there is nothing to compare with, such as a bundle whose expected outcome
	// names no flags; else "".
	Unknown string
}

// Case is one test.
type Case struct {
	Name  string // path below that given to Load, with slashes
	Suite string // path given to Load
	Title string
	Notes []string // words of the notes; noshuffle keeps a case from being shuffled
	AsOf  string   // a date or time; "" if not stated
	Want  Want
	// HasSettings: the case includes an rlsguard.yaml.
	HasSettings bool
	// Fault is what is wrong with the case itself; it cannot be run.
	Fault error

	dir    string // for a case that is a folder
	files  []file
	source expectations
}

// file is one input, or a file beside the inputs.
type file struct {
	name string
	read func() ([]byte, error)
}

func diskFile(dir, name string) file {
	return file{name, func() ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }}
}

// Files in a case that are no input.
const (
	settingsFile    = "rlsguard.yaml"
	expectedFile    = "expected.tsv"
	rejectedFile    = "rejected.tsv"
	transitionsFile = "transitions.tsv"
	indexFile       = "index.tsv"
	asOfFile        = "as-of"
	asOfText        = "as-of.txt"
)

// isInput reports whether a file is read, by the rule of replay for folders.
func isInput(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	return strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".ndjson")
}

// inputs are the files read, in replay's order for a folder.
func (c *Case) inputs() []file {
	var in []file
	for _, f := range c.files {
		if isInput(f.name) {
			in = append(in, f)
		}
	}
	slices.SortFunc(in, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	return in
}

// Settings passes the path of the case's rlsguard.yaml to use. The files beside it may be gone when
// use returns.
func (c *Case) Settings(use func(path string) error) error {
	if c.dir != "" {
		return use(filepath.Join(c.dir, settingsFile))
	}
	dir, err := os.MkdirTemp("", "rlsguard-case-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, f := range c.files {
		if isInput(f.name) {
			continue
		}
		data, err := f.read()
		if err != nil {
			return err
		}
		if !filepath.IsLocal(filepath.FromSlash(f.name)) {
			return fmt.Errorf("%s: not a name inside the case", f.name)
		}
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	if err := use(filepath.Join(dir, settingsFile)); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), dir, c.Name)) // names the file as the reader knows it
	}
	return nil
}

// parseAsOf parses the as-of time of a case: an RFC 3339 time, or a date, which means its last
// second in zone, as for replay.
func parseAsOf(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	if zone == nil {
		zone = time.UTC
	}
	d, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf(
			"as-of: %q is neither a date (2026-11-23) nor a time with offset (2026-11-23T08:00:00Z)", text)
	}
	return d.AddDate(0, 0, 1).Add(-time.Second).UTC(), nil
}

// at is the time to decide for: the case's, else asOf.
func (c *Case) at(asOf time.Time, zone *time.Location) time.Time {
	if c.AsOf == "" {
		return asOf
	}
	t, _ := parseAsOf(c.AsOf, zone) // parsed before
	return t
}

// fullPatient is a reference to a patient who may be given by id alone.
func fullPatient(s string) string {
	if s == "" || strings.Contains(s, "/") {
		return s
	}
	return "Patient/" + s
}
