package casetest

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/cases"
)

// tally counts results.
type tally struct{ hold, differ, failed, skipped, variants int }

func (t *testRun) tally() (n tally) {
	for i := range t.results {
		r := &t.results[i]
		n.variants += r.Variants
		switch {
		case r.Err != nil:
			n.failed++
		case len(r.Differences) > 0:
			n.differ++
		case r.Skipped != "":
			n.skipped++
		default:
			n.hold++
		}
	}
	return n
}

// report prints the results and gives the exit code.
func (t *testRun) report() error {
	n := t.tally()
	write := t.text
	if t.options.Format == "json" {
		write = t.json
	}
	if err := write(n); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	switch {
	case n.failed > 0:
		return terminal.ErrReported
	case n.skipped > 0 && n.hold+n.differ == 0:
		terminal.Tell(t.Stderr, "no case was compared: nothing was tested")
		return &terminal.ExitError{Code: terminal.ExitFailOn}
	case n.differ > 0:
		return &terminal.ExitError{Code: terminal.ExitFailOn}
	}
	return nil
}

func (t *testRun) text(n tally) error {
	w := t.Stdout
	for i := range t.results {
		r := &t.results[i]
		name := terminal.Harmless(strings.TrimSuffix(r.Case.Name+": "+r.Case.Title, ": "))
		switch {
		case r.Err != nil:
			fmt.Fprintf(w, "FAIL %s\n     not run: %s\n", name, terminal.Harmless(r.Err.Error()))
		case len(r.Differences) > 0:
			fmt.Fprintf(w, "FAIL %s\n", name)
			for _, d := range r.Differences {
				t.difference(w, d)
			}
		case r.Skipped != "":
			fmt.Fprintf(w, "skip %s\n     %s\n", name, terminal.Harmless(r.Skipped))
		}
	}
	line := fmt.Sprintf("%s: %d hold", terminal.Plural(len(t.results), "case", "cases"), n.hold)
	for _, part := range []struct {
		n     int
		words string
	}{{n.differ, "differ"}, {n.failed, "could not be run"}, {n.skipped, "not compared"}} {
		if part.n > 0 {
			line += fmt.Sprintf(", %d %s", part.n, part.words)
		}
	}
	if n.variants > 0 {
		line += fmt.Sprintf("; %s", terminal.Plural(n.variants, "shuffled variant", "shuffled variants"))
	}
	if _, err := fmt.Fprintln(w, line+"."); err != nil {
		return err
	}
	if t.via != nil {
		return t.perCheck(w)
	}
	c := cases.CoverageOf(t.results)
	return t.coverage(w, &c)
}

// difference is one line, and why in the next ones.
func (t *testRun) difference(w io.Writer, d cases.Difference) {
	fmt.Fprintf(w, "     %-11s %s\n", d.Kind, terminal.Harmless(d.Text))
	if d.Why == "" {
		return
	}
	for _, line := range terminal.Wrap("because: "+terminal.Harmless(d.Why),
		max(cmp.Or(t.TextWidth(), terminal.UsualWidth)-19, terminal.LeastText), 0) {
		fmt.Fprintf(w, "%*s%s\n", 19, "", line)
	}
}

// perCheck says, of a service, how many of the cases of each check it holds: the flags of that
// check are those expected.
func (t *testRun) perCheck(w io.Writer) error {
	held := t.heldByCheck()
	for _, check := range slices.Sorted(maps.Keys(held)) {
		h := held[check]
		if _, err := fmt.Fprintf(w, "  %s: %d of %d\n", check, h.Hold, h.Cases); err != nil {
			return err
		}
	}
	return nil
}

// held is how many of the cases of a check hold.
type held struct {
	Hold  int `json:"hold"`
	Cases int `json:"cases"`
}

func (t *testRun) heldByCheck() map[string]held {
	all := map[string]held{}
	for i := range t.results {
		r := &t.results[i]
		if r.Got == nil {
			continue
		}
		for _, check := range checksOf(r.Case.Want.Flags) {
			h := all[check]
			h.Cases++
			if slices.Equal(ofCheck(r.Case.Want.Flags, check), ofCheck(r.Got.Flags, check)) {
				h.Hold++
			}
			all[check] = h
		}
	}
	return all
}

func checksOf(flags []cases.Flag) (ids []string) {
	for _, f := range flags {
		if !slices.Contains(ids, f.Check) {
			ids = append(ids, f.Check)
		}
	}
	return ids
}

func ofCheck(flags []cases.Flag, check string) (of []cases.Flag) {
	for _, f := range flags {
		if f.Check == check {
			of = append(of, f)
		}
	}
	return of
}

// coverage prints the numbers; with --coverage everything.
func (t *testRun) coverage(w io.Writer, c *cases.Coverage) error {
	parts := append([]cases.Reached{c.Checks, c.Silences}, c.Rows...)
	both := 0
	var held, open []string
	for i := range c.Limits {
		l := &c.Limits[i]
		if l.Both() {
			both++
			held = append(
				held,
				fmt.Sprintf("%s = %s: noticed when lowered %s, raised %s", l.Name, l.Value, l.Lower, l.Raise),
			)
			continue
		}
		open = append(open, fmt.Sprintf("%s = %s: %s", l.Name, l.Value, oneSide(l)))
	}
	var lines []string
	for i := range parts {
		lines = append(lines, parts[i].Text())
	}
	lines = append(lines, fmt.Sprintf("limits held from both sides: %d of %d", both, len(c.Limits)))
	if _, err := fmt.Fprintf(w, "Reached: %s.\n", strings.Join(lines, "; ")); err != nil || !t.options.Coverage {
		return err
	}
	for i := range parts {
		t.list(
			w,
			parts[i].What+" reached",
			slices.Sorted(maps.Keys(parts[i].By)),
			func(s string) string { return fmt.Sprintf("%s (%d)", s, parts[i].By[s]) },
		)
		t.list(w, parts[i].What+" not reached", parts[i].Not, reasonWords)
	}
	t.list(w, "limits held from both sides", held, nil)
	t.list(w, "limits not held from both sides", open, nil)
	return nil
}

// reasonWords says what a reason of silence means; other names say it themselves.
func reasonWords(name string) string {
	if text := silence.Reason(name).Words(); text != "" {
		return name + " (" + text + ")"
	}
	return name
}

func oneSide(l *cases.Limit) string {
	switch {
	case l.Lower != "":
		return "noticed when lowered " + l.Lower + ", not when raised"
	case l.Raise != "":
		return "noticed when raised " + l.Raise + ", not when lowered"
	case l.Texts:
		return "only words change"
	}
	return "no case notices it"
}

// list prints names after one another, or a line each where there is no word for them.
func (t *testRun) list(w io.Writer, title string, names []string, word func(string) string) {
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s (%d)\n", strings.ToUpper(title[:1])+title[1:], len(names))
	width := max(cmp.Or(t.TextWidth(), terminal.UsualWidth)-2, terminal.LeastText)
	if word == nil {
		for _, name := range names {
			fmt.Fprintf(w, "  %s\n", name)
		}
		return
	}
	text := make([]string, len(names))
	for i, name := range names {
		text[i] = word(name)
	}
	for _, line := range terminal.Wrap(strings.Join(text, ", "), width, 0) {
		fmt.Fprintf(w, "  %s\n", line)
	}
}

// caseLine is a result as a line of JSON.
type CaseLine struct {
	Case        string             `json:"case"`
	Suite       string             `json:"suite"`
	Title       string             `json:"title,omitempty"`
	Result      string             `json:"result"` // holds, differs, failed, skipped
	Reason      string             `json:"reason,omitempty"`
	Variants    int                `json:"variants,omitempty"`
	Differences []cases.Difference `json:"differences,omitempty"`
	Flags       []cases.Flag       `json:"flags"`
}

func (t *testRun) json(n tally) error {
	for i := range t.results {
		r := &t.results[i]
		l := CaseLine{
			Case:        r.Case.Name,
			Suite:       r.Case.Suite,
			Title:       r.Case.Title,
			Result:      "holds",
			Variants:    r.Variants,
			Differences: r.Differences,
			Flags:       []cases.Flag{},
		}
		if r.Got != nil && r.Got.Flags != nil {
			l.Flags = r.Got.Flags
		}
		switch {
		case r.Err != nil:
			l.Result, l.Reason = "failed", r.Err.Error()
		case len(r.Differences) > 0:
			l.Result = "differs"
		case r.Skipped != "":
			l.Result, l.Reason = "skipped", r.Skipped
		}
		if err := t.line(l); err != nil {
			return err
		}
	}
	total := map[string]any{
		"cases":    len(t.results),
		"hold":     n.hold,
		"differ":   n.differ,
		"failed":   n.failed,
		"skipped":  n.skipped,
		"variants": n.variants,
	}
	if t.via == nil {
		total["coverage"] = cases.CoverageOf(t.results)
	} else {
		total["checks"] = t.heldByCheck()
	}
	return t.line(total)
}

func (t *testRun) line(v any) error {
	line, err := terminal.JSONLine(v)
	if err != nil {
		return err
	}
	return terminal.WriteLine(t.Stdout, line)
}
