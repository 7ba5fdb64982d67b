package files

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Summary accounts for every resource that was read, and for the flags that are open at the end. It
// is what --summary writes.
type Summary struct {
	Events   int         `json:"events"`
	Outcomes outcomes    `json:"outcomes"`
	Rejected []rejection `json:"rejected"`
	// Partly are the places of resources that counted which were there and could not be read.
	Partly []rejection   `json:"partly"`
	Unread []Unread      `json:"unread,omitempty"`
	Quiet  []quiet       `json:"quiet,omitempty"`
	Flags  severityCount `json:"flags"`
	// Cut counts the patients of whom older facts were left out, by kind.
	Cut map[string]int `json:"cut,omitempty"`
	// linked are Patients with a link to another one: merges are told, not followed.
	linked int
	cut    int // patients of whom some were
	// partly is how many resources have places that could not be read.
	partly int
}

type outcomes struct {
	Applied    int `json:"applied"`
	Unchanged  int `json:"unchanged"`
	Irrelevant int `json:"irrelevant"`
	Waiting    int `json:"waiting"`
	Rejected   int `json:"rejected"`
}

type rejection struct {
	Source  string `json:"source"` // file:line
	Pointer string `json:"pointer"`
	Reason  string `json:"reason"`
	Detail  string `json:"detail"`
}

type severityCount struct {
	High     int `json:"high"`
	Moderate int `json:"moderate"`
	Low      int `json:"low"`
}

func newSummary() *Summary {
	return &Summary{Rejected: []rejection{}, Partly: []rejection{}}
}

// event counts one resource; place is where it came from.
func (s *Summary) event(r fold.Result, place func() string) {
	s.Events++
	if r.Linked {
		s.linked++
	}
	if len(r.Unread) > 0 {
		s.partly++
		source := place()
		for _, u := range r.Unread {
			s.Partly = append(
				s.Partly,
				rejection{Source: source, Pointer: u.Pointer, Reason: string(layout.PartlyRead), Detail: u.Detail},
			)
		}
	}
	switch r.Outcome {
	case fold.Applied:
		s.Outcomes.Applied++
	case fold.Unchanged:
		s.Outcomes.Unchanged++
	case fold.Irrelevant:
		s.Outcomes.Irrelevant++
	case fold.Waiting:
		s.Outcomes.Waiting++
	case fold.Rejected:
		s.Outcomes.Rejected++
		s.Rejected = append(
			s.Rejected,
			rejection{Source: place(), Pointer: r.Pointer, Reason: string(r.Reason), Detail: r.Detail},
		)
	}
}

// Flag counts one open flag.
func (s *Summary) Flag(severity checks.Severity) {
	switch severity {
	case checks.High:
		s.Flags.High++
	case checks.Moderate:
		s.Flags.Moderate++
	case checks.Low:
		s.Flags.Low++
	}
}

// LeftOut counts one patient.
func (s *Summary) LeftOut(cut checks.Cut) {
	if cut == 0 {
		return
	}
	if s.Cut == nil {
		s.Cut = map[string]int{}
	}
	s.cut++
	for _, kind := range cut.Kinds() {
		s.Cut[kind]++
	}
}

// Write puts the summary into a file, as one JSON object.
func (s *Summary) Write(path string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return fmt.Errorf("summary: %w", err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		return fmt.Errorf("summary: %w", err)
	}
	return nil
}

// report tells the checks that are quiet, each rejection, a line each: where, why, and nothing of
// what was in it; and what was not read.
func (s *Summary) report(stderr io.Writer) {
	if len(s.Quiet) > 0 {
		terminal.Tell(stderr, "%s", quietLine(s.Quiet))
	}
	for _, r := range s.Rejected {
		place := r.Source
		if r.Pointer != "" {
			place += " at " + r.Pointer
		}
		terminal.Tell(stderr, "%s: rejected, %s: %s", place, r.Reason, r.Detail)
	}
	TellUnread(stderr, s.Unread)
	for _, r := range s.Partly {
		terminal.Tell(
			stderr,
			"%s at %s: cannot be read, %s; the rest of the resource counts",
			r.Source,
			r.Pointer,
			r.Detail,
		)
	}
}

// Line says in one sentence what was read and found.
func (s *Summary) Line() string {
	o := s.Outcomes
	text := fmt.Sprintf(
		"%s read: %d applied, %d unchanged, %d irrelevant",
		terminal.Plural(s.Events, "resource", "resources"),
		o.Applied,
		o.Unchanged,
		o.Irrelevant,
	)
	if o.Waiting > 0 {
		text += fmt.Sprintf(", %d waiting for a Medication", o.Waiting)
	}
	if o.Rejected > 0 {
		text += fmt.Sprintf(", %d rejected", o.Rejected)
	}
	if s.partly > 0 {
		text += fmt.Sprintf("; %s read in part", terminal.Plural(s.partly, "was", "were"))
	}
	if s.linked > 0 {
		text += fmt.Sprintf(
			"; %s linked to another patient, which is not followed",
			terminal.Plural(s.linked, "Patient is", "Patients are"),
		)
	}
	if s.cut > 0 {
		text += fmt.Sprintf(
			"; older facts of %s were left out (%s)",
			terminal.Plural(s.cut, "patient", "patients"),
			strings.Join(slices.Sorted(maps.Keys(s.Cut)), ", "),
		)
	}
	open := s.Flags.High + s.Flags.Moderate + s.Flags.Low
	switch {
	case open == 0 && len(s.Quiet) > 0:
		return text + ". No flag is open; " + quietCount(len(s.Quiet)) + "."
	case open == 0:
		return text + ". No flag is open."
	}
	return fmt.Sprintf(
		"%s. %s open: %d high, %d moderate, %d low.",
		text,
		terminal.Plural(open, "flag", "flags"),
		s.Flags.High,
		s.Flags.Moderate,
		s.Flags.Low,
	)
}
