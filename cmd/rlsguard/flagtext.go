package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/fhir"
)

// textOptions say how a flag is written for a person.
type textOptions struct {
	// Width of the terminal in columns; 0 is 80. Words longer than a line stay whole, so that a reference can be copied.
	Width int
	// Colour marks the severity with terminal escapes.
	Colour bool
	// Transition also tells what changed, and the number of the change.
	Transition bool
}

const (
	usualWidth  = 80
	labelIndent = 2
	textIndent  = 16 // after the longest label
	leastText   = 24 // columns that a text has even on a narrow terminal
)

// flagText writes f for a person: how severe, which check, drug and patient; what was found; what to do; alternatives; on what it
// rests; sources with their review status. Then an empty line.
func flagText(w io.Writer, f checks.Flag, opt textOptions) error {
	if opt.Width <= 0 {
		opt.Width = usualWidth
	}
	t := flagWriter{opt: opt}
	t.heading(&f)
	t.row("", f.Summary)
	t.row("What to do", f.Action)
	t.row("Alternatives", strings.Join(f.Alternatives, "; "))
	t.row("Orders", joinRefs(f.Implicated))
	t.row("Evidence", evidenceWords(&f))
	for _, c := range f.Citations {
		t.row("Source", citationWords(c))
	}
	t.row("Answered", answerWords(f.Ack))
	t.row("Flag", idWords(&f, opt.Transition))
	t.b.WriteByte('\n')
	_, err := io.WriteString(w, t.b.String())
	return err
}

type flagWriter struct {
	b   strings.Builder
	opt textOptions
}

var severityColour = map[checks.Severity]string{checks.High: "\x1b[1;31m", checks.Moderate: "\x1b[1;33m", checks.Low: "\x1b[36m"}

const colourEnd = "\x1b[0m"

func (t *flagWriter) heading(f *checks.Flag) {
	severity := strings.ToUpper(f.Severity.String())
	words := []string{severity, f.Check, f.Ingredient, string(f.Patient)}
	became := string(f.State)
	if t.opt.Transition && f.Change != "" {
		became = string(f.Change)
	}
	if f.Reason != "" {
		became += ": " + string(f.Reason)
	}
	if became != "" && became != string(checks.Open) {
		words = append(words, "["+became+"]")
	}
	lines := wrap(strings.Join(words, " "), t.opt.Width, labelIndent)
	if start := severityColour[f.Severity]; t.opt.Colour && len(lines) > 0 && strings.HasPrefix(lines[0], severity) {
		lines[0] = start + severity + colourEnd + lines[0][len(severity):]
	}
	for i, line := range lines {
		t.line(min(i, 1)*labelIndent, line)
	}
}

// row writes a text behind its label, wrapped; nothing when there is no text. Without a label it takes the whole width.
func (t *flagWriter) row(label, text string) {
	indent := labelIndent
	if label != "" {
		indent = textIndent
	}
	for i, line := range wrap(text, max(t.opt.Width-indent, leastText), 0) {
		if i == 0 && label != "" {
			line = fmt.Sprintf("%-*s%s", textIndent-labelIndent, label, line)
			t.line(labelIndent, line)
			continue
		}
		t.line(indent, line)
	}
}

func (t *flagWriter) line(indent int, text string) {
	t.b.WriteString(strings.Repeat(" ", indent))
	t.b.WriteString(text)
	t.b.WriteByte('\n')
}

func joinRefs(refs []checks.Ref) string {
	words := make([]string, len(refs))
	for i, r := range refs {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}

func evidenceWords(f *checks.Flag) string {
	status := "RLS " + f.RLS.String()
	if f.RLS == checks.RLSNone {
		status = "no RLS on record that counts"
	}
	if len(f.Evidence) == 0 {
		return status
	}
	return status + ": " + joinRefs(f.Evidence)
}

// citationWords name a source with its strength and, always, how far our own review of it has come.
func citationWords(c checks.Citation) string {
	words := []string{c.Source}
	if c.Strength != "" {
		words = append(words, c.Strength)
	}
	if c.DOI != "" {
		words = append(words, fhir.DOIBase+c.DOI)
	}
	if c.Review == "" {
		return strings.Join(append(words, "review status not known"), "; ")
	}
	return strings.Join(append(words, "review "+c.Review), "; ")
}

func answerWords(a *checks.Acknowledgement) string {
	if a == nil {
		return ""
	}
	words := "noted"
	if a.Override {
		words = "overridden"
	}
	if a.Reason != "" && a.Reason != words {
		words += " (" + a.Reason + ")"
	}
	if a.Author != "" {
		words += " by " + a.Author
	}
	if !a.Date.IsZero() {
		words += " on " + a.Date.Date(time.UTC)
	}
	if !a.Until.IsZero() {
		words += ", until " + a.Until.Date(time.UTC)
	}
	return words
}

func idWords(f *checks.Flag, transition bool) string {
	words := []string{f.ID}
	if transition && f.Number > 0 {
		words = append(words, fmt.Sprintf("change %d", f.Number))
	}
	if !f.AsOf.IsZero() {
		words = append(words, "as of "+f.AsOf.UTC().Format("2006-01-02 15:04:05")+" UTC")
	}
	return strings.Join(words, ", ")
}
