package outcomes

import (
	"encoding/csv"
	"io"
	"strconv"
)

// WriteCSV writes one line per figure (RFC 4180); a table by check and severity is a pivot of it.
// The row for all has neither check nor severity; reason is given for figures split by reason,
// besides the line with their sum.
func (r *Report) WriteCSV(out io.Writer) error {
	w := csv.NewWriter(out)
	w.Write([]string{"from", "to", "zone", "check", "severity", "figure", "reason", "value"})
	for _, row := range r.everything() {
		write := func(figure, reason, value string) {
			w.Write([]string{r.From, r.To, r.Zone, row.Check, row.Severity, figure, reason, value})
		}
		for _, f := range row.figures() {
			write(f.name, "", strconv.Itoa(f.n))
			for _, reason := range sorted(f.by) {
				write(f.name, reason, strconv.Itoa(f.by[reason]))
			}
		}
		for _, m := range row.medians() {
			if m.seconds != nil {
				write("median seconds until "+m.name, "", strconv.FormatInt(*m.seconds, 10))
			}
		}
		if row.Share != nil {
			write("share acted upon", "", strconv.FormatFloat(*row.Share, 'f', 4, 64))
			write("share acted upon at most", "", strconv.FormatFloat(*row.ShareAtMost, 'f', 4, 64))
		}
	}
	w.Flush()
	return w.Error()
}

type figure struct {
	name string
	n    int
	by   map[string]int
}

func (r *Row) figures() []figure {
	return []figure{
		{"open before", r.OpenBefore, nil},
		{"opened", r.Opened, nil},
		{"resolved as advised", r.Advised, nil},
		{"resolved perhaps as advised", r.Perhaps, r.PerhapsBy},
		{"resolved otherwise", r.Otherwise, r.OtherwiseBy},
		{"overridden", r.Overridden, r.OverriddenBy},
		{"acknowledged", r.Acknowledged, nil},
		{"open", r.Open, nil},
		{"open and unanswered", r.Unanswered, nil},
		{"came back", r.Returned, nil},
		{"patients", r.Patients, nil},
		{"most returns of a flag", r.MostOften, nil},
		{"cards accepted", r.Cards.Accepted, nil},
		{"cards overridden", r.Cards.Overridden, r.Cards.OverriddenBy},
		{"acted upon", r.ActedUpon, nil},
		{"settled", r.Settled, nil},
	}
}

type medianOf struct {
	name    string
	seconds *int64
}

func (r *Row) medians() []medianOf {
	m := &r.Medians
	return []medianOf{
		{"resolved as advised", m.Advised},
		{"resolved perhaps as advised", m.Perhaps},
		{"resolved otherwise", m.Otherwise},
		{"overridden", m.Overridden},
		{"acknowledged", m.Acknowledged},
	}
}
