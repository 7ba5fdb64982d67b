package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// watchPick chooses the flags that are shown, and knows which of them are open.
type watchPick struct {
	c    *watchCommand
	p    *terminal.Program
	open map[string]checks.Severity // of those that were shown, by id
}

// picks reads the options that choose flags. An error does not repeat the reference of a patient:
// what a command says may end in a log.
func (c *watchCommand) picks(p *terminal.Program) (*watchPick, error) {
	for _, ref := range c.Patient {
		if kind, id, ok := strings.Cut(ref, "/"); !ok || kind == "" || id == "" {
			return nil, errors.New("--patient: not a reference; one looks like Patient/7")
		}
	}
	if c.Due != "" {
		if _, err := settings.ParseWithin(c.Due, time.UTC, p.Now()); err != nil {
			return nil, fmt.Errorf("--due: %w", err)
		}
	}
	return &watchPick{c: c, p: p, open: map[string]checks.Severity{}}, nil
}

// match tells whether a flag is asked for: not that it is as severe, which the server is asked for.
// A day begins here as in UTC, since a flag does not tell the zone of the site.
func (w *watchPick) match(f *checks.Flag) bool {
	if w.c.Due != "" {
		until, _ := settings.ParseWithin(w.c.Due, time.UTC, w.p.Now()) // it was read before
		if f.Next.IsZero() || f.Next.At.Start(time.UTC).After(until) {
			return false
		}
	}
	return (len(w.c.Patient) == 0 || slices.Contains(w.c.Patient, string(f.Patient))) &&
		(len(w.c.State) == 0 || slices.Contains(w.c.State, string(f.State)))
}

// first picks and sorts the flags that are open when reading begins: as text the worst first and of
// those the one that has been so for the longest time, and with --due the next to change first.
func (w *watchPick) first(flags []checks.Flag) []checks.Flag {
	flags = slices.DeleteFunc(slices.Clone(flags), func(f checks.Flag) bool { return !w.match(&f) })
	for i := range flags {
		w.open[flags[i].ID] = flags[i].Severity
	}
	switch {
	case w.c.Due != "":
		slices.SortStableFunc(flags, func(a, b checks.Flag) int {
			return cmp.Compare(a.Next.At.Nanos, b.Next.At.Nanos)
		})
	case w.c.Format == "text":
		flags = show.WorstThenOldest(flags)
	}
	return flags
}

// change tells whether a change is shown: one of a flag that is asked for, or of one that was until
// now.
func (w *watchPick) change(f *checks.Flag) bool {
	_, was := w.open[f.ID]
	isOpen := f.State != checks.Resolved && f.Change != checks.ChangeMoved
	if isOpen && w.match(f) {
		w.open[f.ID] = f.Severity
		return true
	}
	delete(w.open, f.ID)
	return was || w.all()
}

// all tells that no option leaves out flags that come.
func (w *watchPick) all() bool { return len(w.c.Patient) == 0 && len(w.c.State) == 0 && w.c.Due == "" }

// counts words how many flags are open, and how many of each severity.
func (w *watchPick) counts() (open, severities string) {
	by := map[checks.Severity]int{}
	for _, s := range w.open {
		by[s]++
	}
	for _, s := range []checks.Severity{checks.High, checks.Moderate, checks.Low} {
		if by[s] > 0 {
			severities += fmt.Sprintf("; %d %s", by[s], s)
		}
	}
	return terminal.Plural(len(w.open), "flag", "flags") + " open", severities
}

// none are the lines that say that no flag is open, and of which that is true; a patient is not
// named.
func (w *watchPick) none() []string {
	var options []string
	if w.c.Severity != "" {
		options = append(options, "--severity "+w.c.Severity)
	}
	if len(w.c.State) > 0 {
		options = append(options, "--state "+strings.Join(w.c.State, ","))
	}
	if len(w.c.Patient) > 0 {
		options = append(options, "--patient")
	}
	lines := []string{"No flag is open."}
	if w.c.Due != "" {
		lines[0] = "No open flag changes by itself within " + w.c.Due + "."
	}
	if len(options) > 0 {
		lines = append(lines, "Only flags that match "+strings.Join(options, " and ")+" were looked at.")
	}
	return lines
}

// patientsOf counts the patients of flags.
func patientsOf(flags []checks.Flag) int {
	seen := map[facts.Ref]bool{}
	for i := range flags {
		seen[flags[i].Patient] = true
	}
	return len(seen)
}
