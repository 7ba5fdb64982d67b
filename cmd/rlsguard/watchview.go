package main

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// watchView shows what watch follows: the open flags, a line, and every change; on a terminal how
// things stand below them.
type watchView struct {
	*watchPick
	feed *terminal.Feed
	text bool // for a person

	// changes prints them to the program that it is for; what is said once is said once to each.
	changes map[*terminal.Program]show.Printer

	mu sync.Mutex
	// How many flags are open; "" before that is known. How many of each severity.
	stands, severities string
	changed            time.Time // when the last change came
	lost               string    // since when the list may be out of date; "" while it is not
	back               string    // what is said when it is up to date again
}

func newWatchView(pick *watchPick) *watchView {
	text := pick.c.Format == "text"
	return &watchView{
		watchPick: pick, text: text, feed: terminal.StartFeed(pick.p, text && !pick.c.Once),
		changes: map[*terminal.Program]show.Printer{},
	}
}

func (v *watchView) now() time.Time { return v.p.Now().Local() }

// first prints the flags that are open.
func (v *watchView) first(flags []checks.Flag) error {
	flags = v.watchPick.first(flags)
	err := v.feed.Print(func(p *terminal.Program) error {
		return v.print(p, show.NewPrinter(p, v.c.Format, false, v.c.Due != ""), flags)
	})
	if err != nil || !v.text || v.c.Once {
		return err
	}
	between := "==== Changes since " + v.now().Format(time.TimeOnly) + " ===="
	err = v.feed.Print(func(p *terminal.Program) error {
		_, err := fmt.Fprintln(p.Stdout, "\n"+strings.Join(terminal.Wrap(between, p.TextWidth(), 0), "\n")+"\n")
		return err
	})
	v.stand(func() {})
	return err
}

// change prints a change of a flag.
func (v *watchView) change(f checks.Flag) error {
	if !v.watchPick.change(&f) {
		return nil
	}
	err := v.feed.Print(func(p *terminal.Program) error {
		return v.print(p, v.changesTo(p), []checks.Flag{f})
	})
	v.stand(func() { v.changed = v.now() })
	return err
}

// changesTo is the printer of a program. A screen that is written anew gets one that has said
// nothing yet.
func (v *watchView) changesTo(p *terminal.Program) show.Printer {
	if v.changes[p] == nil {
		maps.DeleteFunc(v.changes, func(other *terminal.Program, _ show.Printer) bool { return other != v.p })
		v.changes[p] = show.NewPrinter(p, v.c.Format, true, v.c.Due != "")
	}
	return v.changes[p]
}

// print writes flags, or that there is none.
func (v *watchView) print(p *terminal.Program, out show.Printer, flags []checks.Flag) error {
	out.Begin(patientsOf(flags))
	for _, f := range flags {
		if err := out.Flag(f); err != nil {
			return err
		}
	}
	if err := out.Ended(); err != nil {
		return err
	}
	if len(flags) > 0 || !v.text {
		return nil
	}
	for _, line := range v.none() {
		if _, err := fmt.Fprintln(p.Stdout, strings.Join(terminal.Wrap(line, p.TextWidth(), 0), "\n")); err != nil {
			return err
		}
	}
	return nil
}

// stand says below how things stand, after flags changed.
func (v *watchView) stand(note func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	note()
	v.stands, v.severities = v.counts()
	v.status()
}

func (v *watchView) status() {
	if v.stands == "" {
		return
	}
	connection, change := "connected", "no change yet"
	if v.lost != "" {
		connection = v.lost + ", trying again"
	}
	if !v.changed.IsZero() {
		change = "last change " + v.changed.Format(time.TimeOnly)
	}
	// A narrow terminal cuts the end.
	v.feed.Status(connection + "; " + v.stands + "; " + change + v.severities)
}

// blind says since when what is printed may be out of date. Standard output is for flags.
func (v *watchView) blind(since time.Time, why error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	word := " since "
	v.back = "up to date again"
	if errors.Is(why, watch.ErrConnectionLost) {
		word, v.back = " at ", "connected again"
	}
	v.lost = why.Error() + word + since.Local().Format(time.TimeOnly)
	v.feed.Tell("%s, trying again; the list may be out of date", v.lost)
	v.status()
}

// seeing says that what is printed is up to date again.
func (v *watchView) seeing() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lost = ""
	v.feed.Tell("%s at %s", v.back, v.now().Format(time.TimeOnly))
	v.status()
}
