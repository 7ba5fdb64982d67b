package rehearse

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
)

// WriteText writes a report for a terminal; print makes a text harmless there.
func (r *Report) WriteText(out io.Writer, print func(string) string) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "Rehearsal as of %s\n  before  %s\n  after   %s\n\n", r.AsOf, print(r.Before), print(r.After))
	for _, note := range r.Notes {
		fmt.Fprintf(w, "Note: %s\n", print(note))
	}
	for _, s := range r.Settings {
		fmt.Fprintf(w, "%s: %s -> %s\n", print(s.Key), print(cmp.Or(s.Before, "none")), print(cmp.Or(s.After, "none")))
	}
	if r.Compared && len(r.Settings) == 0 {
		fmt.Fprintln(w, "No setting differs.")
	}
	fmt.Fprintf(w, "\n%d patients, %d orders. ", r.Patients, r.Orders)
	fmt.Fprintf(w, "Open before: %s. Open after: %s.\n", r.OpenBefore, r.OpenAfter)
	if r.Counts.total() == 0 {
		fmt.Fprintln(w, "No flag differs.")
		return w.Flush()
	}
	fmt.Fprintf(w, "%d opened, %d closed, %d moved, of %d patients.\n\n", r.Opened, r.Closed, r.Moved, r.Changed)
	r.writeTable(w)
	fmt.Fprintln(w, "\nExamples")
	for i := range r.Examples {
		r.Examples[i].write(w, print)
	}
	return w.Flush()
}

// writeTable writes one row per check, and one for all.
func (r *Report) writeTable(w io.Writer) {
	fmt.Fprintf(w, "%-36s %7s %7s %8s %8s %8s   per 1,000 orders: opened, closed, moved\n",
		"check", "before", "after", "opened", "closed", "moved")
	all := CheckCount{
		Check: "all", Before: r.OpenBefore.total(), After: r.OpenAfter.total(), Counts: r.Counts, Per1000: r.Per1000,
	}
	for _, c := range append(slices.Clip(r.Checks), all) {
		fmt.Fprintf(w, "%-36s %7d %7d %8d %8d %8d   %.2f, %.2f, %.2f\n", c.Check, c.Before, c.After,
			c.Opened, c.Closed, c.Moved, c.Per1000.Opened, c.Per1000.Closed, c.Per1000.Moved)
	}
}

func (c *Change) write(w io.Writer, print func(string) string) {
	fmt.Fprintf(w, "\n%s\n", print(c.title()))
	for _, side := range []struct{ label, text string }{{"before", c.Was}, {"after", c.Is}} {
		if side.text != "" {
			fmt.Fprintf(w, "  %-7s %s\n", side.label, print(side.text))
		}
	}
}

func (s Severities) String() string {
	return fmt.Sprintf("%d (%d high, %d moderate, %d low)", s.total(), s.High, s.Moderate, s.Low)
}

// title names a change in one line.
func (c *Change) title() string {
	name := c.Check
	if c.Ingredient != "" {
		name += " (" + c.Ingredient + ")"
	}
	severity := cmp.Or(c.To, c.From)
	if c.Change == Moved {
		severity = c.From + " -> " + c.To
	}
	return fmt.Sprintf("%s %s: %s, %s", c.Patient, name, c.Change, severity)
}
