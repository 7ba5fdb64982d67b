package show

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// textOptions say how a flag is written for a person.
type textOptions struct {
	// Width of the terminal in columns; 0 is 80. Words longer than a line stay whole, so that a
	// reference can be copied.
	Width int
	// Colour marks the severity with terminal escapes.
	Colour bool
	// Transition also tells what changed, and the number of the change.
	Transition bool
	// Next tells what time alone does to a flag next.
	Next bool
	// Story leaves out ids, numbers and times.
	Story bool
}

const textIndent = 6 // after the longest label

// flagText writes f for a person, below the heading of its patient: how severe, which check and
// drug; what was found; what to do; what instead; what would clear it; what was ordered; on what it
// rests. A flag of a leaflet is its plain words and nothing else.
func flagText(w io.Writer, f checks.Flag, opt textOptions) error {
	if opt.Width <= 0 {
		opt.Width = terminal.UsualWidth
	}
	t := flagWriter{opt: opt}
	if f.Audience == checks.ForPatients {
		t.row("", f.Summary+" "+f.Action)
		t.b.WriteByte('\n')
	} else {
		t.heading(&f)
		t.row("", f.Summary)
		t.row("Do", f.Action)
		t.row("Or", strings.Join(f.Alternatives, "; "))
		t.row("Clr", clearsWords(&f))
		t.orders(&f)
		t.row("Ack", answerWords(f.Ack))
		t.row("Due", nextWords(&f, opt))
		t.row("Ref", referenceWords(&f, opt))
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

type flagWriter struct {
	b   strings.Builder
	opt textOptions
}

var severityColour = map[checks.Severity]string{
	checks.High:     "\x1b[1;31m",
	checks.Moderate: "\x1b[1;33m",
	checks.Low:      "\x1b[36m",
}

const colourEnd = "\x1b[0m"

func (t *flagWriter) heading(f *checks.Flag) {
	severity := strings.ToUpper(f.Severity.String())
	words := []string{severity, f.Check, f.Ingredient}
	became := string(f.State)
	if t.opt.Transition && f.Change != "" {
		became = string(f.Change)
	}
	if became == string(checks.ChangeMoved) {
		became += ": another severity now"
	}
	if f.Reason != "" {
		became += ": " + string(f.Reason)
	}
	if became != "" && became != string(checks.Open) {
		words = append(words, "["+became+"]")
	}
	lines := terminal.Wrap(strings.Join(words, " "), t.opt.Width, terminal.LabelIndent)
	if start := severityColour[f.Severity]; t.opt.Colour && len(lines) > 0 && strings.HasPrefix(lines[0], severity) {
		lines[0] = start + severity + colourEnd + lines[0][len(severity):]
	}
	for i, line := range lines {
		t.line(min(i, 1)*terminal.LabelIndent, line)
	}
}

// row writes a text behind its label, wrapped; nothing when there is no text. Without a label it
// takes the whole width.
func (t *flagWriter) row(label, text string) {
	indent := terminal.LabelIndent
	if label != "" {
		indent = textIndent
		label = fmt.Sprintf("%-*s", textIndent-terminal.LabelIndent, label)
	}
	for i, line := range terminal.Wrap(text, max(t.opt.Width-indent, terminal.LeastText), 0) {
		if i == 0 && label != "" {
			t.line(terminal.LabelIndent, label+line)
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

// mostOrders is how many orders a flag shows; JSON has them all.
const mostOrders = 3

// orders writes what was ordered; an order of which nothing is known by its reference.
func (t *flagWriter) orders(f *checks.Flag) {
	var all []string
	for _, ref := range f.Implicated {
		text := string(ref)
		same := func(o checks.OrderWords) bool { return o.Ref == ref }
		if i := slices.IndexFunc(f.Orders, same); i >= 0 && f.Orders[i].Words() != "" {
			text = f.Orders[i].Words()
		}
		all = append(all, text)
	}
	if len(all) > mostOrders {
		all = append(all[:mostOrders], fmt.Sprintf("and %d more", len(all)-mostOrders))
	}
	t.row("Rx", strings.Join(all, "; "))
}

// clearsWords are the changes that clear f, as far as there is room and they are news; JSON has all.
func clearsWords(f *checks.Flag) string {
	var all []string
	for _, c := range clears.Shown(f.Clears) {
		all = append(all, c.Text)
	}
	if f.ClearsCut {
		all = append(all, checks.MoreClears())
	}
	return strings.Join(all, "; ")
}

// referenceWords name the sources, and the flag for those who answer it.
func referenceWords(f *checks.Flag, opt textOptions) string {
	if opt.Story {
		return sourceWords(f)
	}
	return sourceWords(f) + " [" + idWords(f, opt.Transition) + "]"
}

// sourceWords name the sources on a line. Their review status is said once per output.
func sourceWords(f *checks.Flag) string {
	var names []string
	for _, c := range f.Citations {
		name, _, _ := strings.Cut(c.Source, ",")
		name, _, _ = strings.Cut(name, " (")
		names = append(names, name)
	}
	return strings.Join(onceEach(names), "; ")
}

// onceEach keeps the first of equal words.
func onceEach(list []string) []string {
	var once []string
	for _, w := range list {
		if !slices.Contains(once, w) {
			once = append(once, w)
		}
	}
	return once
}

// nextWords are what time alone does to a flag next, and when; "" where that is not asked for.
func nextWords(f *checks.Flag, opt textOptions) string {
	if !opt.Next || f.Next.IsZero() {
		return ""
	}
	at := f.Next.At.Date(time.UTC)
	if f.Next.At.Precision == moment.ToInstant {
		at = f.Next.At.Start(time.UTC).Format(time.DateTime) + " UTC"
	}
	to := f.Next.To.Words()
	if f.Next.To == ahead.Open { // it is open, and its answer ends
		to = ahead.Again()
	}
	return at + ": " + to
}

func answerWords(a *facts.Acknowledgement) string {
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
	if a.Comment != "" {
		words += ": " + a.Comment
	}
	return words
}

// idWords are the id by which a flag is answered, and when it was decided.
func idWords(f *checks.Flag, transition bool) string {
	words := []string{ShortID(f.ID)}
	if transition && f.Number > 0 {
		words = append(words, fmt.Sprintf("change %d", f.Number))
	}
	if transition && !f.AsOf.IsZero() {
		words = append(words, "as of "+f.AsOf.UTC().Format("2006-01-02 15:04:05")+" UTC")
	}
	return strings.Join(words, ", ")
}

// ShortID is as much of a flag's id as people need to name it: its first part. Where another flag
// begins alike, the commands that take it say so.
func ShortID(id string) string {
	short, _, _ := strings.Cut(id, "-")
	return short
}

// WorstFirst sorts flags as people read them: patients with the worst flag first, and within a
// patient the worst flag first.
func WorstFirst(flags []checks.Flag) []checks.Flag {
	return worstFirst(flags, func(*checks.Flag) time.Time { return time.Time{} })
}

// WorstThenOldest sorts like WorstFirst, and what is equally severe by age: first what has been as
// it is for the longest time.
func WorstThenOldest(flags []checks.Flag) []checks.Flag {
	return worstFirst(flags, func(f *checks.Flag) time.Time { return f.AsOf })
}

func worstFirst(flags []checks.Flag, since func(*checks.Flag) time.Time) []checks.Flag {
	type rank struct {
		severity checks.Severity
		since    time.Time // of the oldest one as severe as that
	}
	worst := map[facts.Ref]rank{}
	for i := range flags {
		f := &flags[i]
		have, ok := worst[f.Patient]
		if !ok || f.Severity > have.severity || f.Severity == have.severity && since(f).Before(have.since) {
			worst[f.Patient] = rank{f.Severity, since(f)}
		}
	}
	flags = slices.Clone(flags)
	slices.SortStableFunc(flags, func(a, b checks.Flag) int {
		of, than := worst[a.Patient], worst[b.Patient]
		return cmp.Or(
			cmp.Compare(than.severity, of.severity),
			of.since.Compare(than.since),
			cmp.Compare(a.Patient, b.Patient),
			cmp.Compare(b.Severity, a.Severity),
			since(&a).Compare(since(&b)),
			cmp.Compare(a.Check, b.Check),
			cmp.Compare(a.Ingredient, b.Ingredient),
		)
	})
	return flags
}
