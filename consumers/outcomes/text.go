package outcomes

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteJSON writes a report for programs, as one object.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteText writes a report for a terminal, wrapped to a number of columns where possible.
func (r *Report) WriteText(out io.Writer, wrap func(text string, hang int) []string) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "Outcomes of flags %s\n\n", r.days())
	if len(r.Rows) == 0 {
		fmt.Fprintln(w, "No flag was open, and no card was answered.")
	} else {
		r.writeFigures(w)
		r.writeAnswers(w)
		r.writeTimes(w)
		r.writeWhy(w)
	}
	if r.Unclear > 0 {
		fmt.Fprintf(w, "\nAnswers to cards that were not known any more, in no figure above: %d\n", r.Unclear)
	}
	fmt.Fprintln(w, "\nHow to read this")
	for _, note := range r.Notes {
		fmt.Fprintln(w, strings.Join(wrap("- "+note, 2), "\n  "))
	}
	return w.Flush()
}

// days says which days are counted.
func (r *Report) days() string {
	switch {
	case r.From != "" && r.To != "":
		return fmt.Sprintf("from %s to %s, both included (%s)", r.From, r.To, r.Zone)
	case r.From != "":
		return fmt.Sprintf("from %s on (%s)", r.From, r.Zone)
	case r.To != "":
		return fmt.Sprintf("up to %s, included (%s)", r.To, r.Zone)
	}
	return "of all that is kept"
}

// everything is the rows, followed by the row for all.
func (r *Report) everything() []*Row {
	var rows []*Row
	for i := range r.Rows {
		rows = append(rows, &r.Rows[i])
	}
	return append(rows, &r.All)
}

// name of a row.
func (r *Row) name() string {
	if r.Check == "" {
		return "all"
	}
	return r.Check + " " + r.Severity
}

func (r *Report) nameWidth() (width int) {
	for i := range r.Rows {
		width = max(width, len(r.Rows[i].name()))
	}
	return width
}

func (r *Report) writeFigures(w io.Writer) {
	width := r.nameWidth()
	fmt.Fprintf(w, "%-*s %7s %7s | %8s %8s %8s | %7s %8s\n", width, "", "open", "", "resolved", "", "", "still", "un-")
	fmt.Fprintf(w, "%-*s %7s %7s | %8s %8s %8s | %7s %8s\n", width,
		"check", "before", "opened", "advised", "perhaps", "other", "open", "answered")
	for _, row := range r.everything() {
		fmt.Fprintf(w, "%-*s %7d %7d | %8d %8d %8d | %7d %8d\n", width, row.name(), row.OpenBefore, row.Opened,
			row.Advised, row.Perhaps, row.Otherwise, row.Open, row.Unanswered)
	}
}

func (r *Report) writeAnswers(w io.Writer) {
	width := r.nameWidth()
	fmt.Fprintf(w, "\n%-*s %8s %8s | %8s %8s |\n", width, "", "over-", "acknow-", "cards", "cards")
	fmt.Fprintf(w, "%-*s %8s %8s | %8s %8s | %s\n", width,
		"check", "ridden", "ledged", "accepted", "overrid.", "acted upon")
	for _, row := range r.everything() {
		acted := "-"
		if row.Share != nil {
			acted = row.percent() + " (" + row.settling() + ")"
		}
		fmt.Fprintf(w, "%-*s %8d %8d | %8d %8d | %s\n", width, row.name(),
			row.Overridden, row.Acknowledged, row.Cards.Accepted, row.Cards.Overridden, acted)
	}
}

// percent is the share that was acted upon.
func (r *Row) percent() string {
	if r.Share == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", *r.Share*100)
}

// settling says of how many.
func (r *Row) settling() string {
	if r.Share == nil {
		return ""
	}
	text := fmt.Sprintf("%d of %d", r.ActedUpon, r.Settled)
	if *r.ShareAtMost > *r.Share {
		text += fmt.Sprintf(", at most %.0f%%", *r.ShareAtMost*100)
	}
	return text
}

func (r *Report) writeTimes(w io.Writer) {
	width := r.nameWidth()
	fmt.Fprintf(w, "\n%-*s %s\n", width, "", "median time from opening until")
	fmt.Fprintf(w, "%-*s %9s %9s %9s %9s %9s | %s\n", width,
		"check", "advised", "perhaps", "other", "override", "ack", "came back")
	for _, row := range r.everything() {
		m := &row.Medians
		fmt.Fprintf(w, "%-*s %9s %9s %9s %9s %9s | %s\n", width, row.name(),
			duration(m.Advised), duration(m.Perhaps), duration(m.Otherwise), duration(m.Overridden),
			duration(m.Acknowledged), row.returnedWords())
	}
}

// returnedWords say how often flags came back.
func (r *Row) returnedWords() string {
	switch {
	case r.Returned == 0:
		return "-"
	case r.Patients == 1:
		return fmt.Sprintf("%d in 1 patient", r.Returned)
	}
	return fmt.Sprintf("%d in %d patients (%.2f each; at most %d of one flag)",
		r.Returned, r.Patients, r.PerPatient, r.MostOften)
}

// duration says how long something took, in a suitable unit.
func duration(seconds *int64) string {
	if seconds == nil {
		return "-"
	}
	d := time.Duration(*seconds) * time.Second
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", *seconds)
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.1f d", d.Hours()/24)
}

// writeWhy writes the reasons, if any.
func (r *Report) writeWhy(w io.Writer) {
	for _, row := range r.everything() {
		lines := row.why()
		if len(lines) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", row.name())
		for _, line := range lines {
			fmt.Fprintf(w, "  %-26s %s\n", line.Of+":", line.Counts)
		}
	}
}

// why is a kind of outcome with its reasons.
type why struct{ Of, Counts string }

// why lists the reasons behind the figures.
func (r *Row) why() []why {
	var lines []why
	for _, kind := range []struct {
		of  string
		by  map[string]int
		all int
	}{
		{"acknowledged", nil, r.Acknowledged},
		{"overridden", r.OverriddenBy, r.Overridden},
		{"resolved, perhaps advised", r.PerhapsBy, r.Perhaps},
		{"resolved otherwise", r.OtherwiseBy, r.Otherwise},
		{"cards accepted", nil, r.Cards.Accepted},
		{"cards overridden", r.Cards.OverriddenBy, r.Cards.Overridden},
	} {
		if kind.all > 0 {
			lines = append(lines, why{kind.of, cmp.Or(counts(kind.by), fmt.Sprint(kind.all))})
		}
	}
	return lines
}

func counts(by map[string]int) string {
	var parts []string
	for _, reason := range sorted(by) {
		parts = append(parts, fmt.Sprintf("%d %s", by[reason], reason))
	}
	return strings.Join(parts, ", ")
}
