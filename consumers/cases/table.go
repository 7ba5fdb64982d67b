package cases

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// table is a file of tab-separated values with a header. Cells are found by column name, so that
// columns may be added.
type table struct {
	name   string
	header []string
	lines  []line
	crlf   bool
}

// line is one line: cells of a row, or the text of an empty line or a comment.
type line struct {
	number int
	cells  []string
	other  string
}

// readTable reads a table and checks that it has the columns it needs. A table of ours without a line
// in it is empty: it gets the header that is usual.
func readTable(name string, data []byte, needs ...string) (*table, error) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	t := &table{name: name, crlf: strings.Contains(text, "\r\n")}
	for i, l := range strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n") {
		switch cells := strings.Split(l, "\t"); {
		case strings.TrimSpace(l) == "" || strings.HasPrefix(l, "#"):
			t.lines = append(t.lines, line{number: i + 1, other: l})
		case t.header == nil:
			t.header = cells
		case len(cells) > len(t.header):
			return nil, fmt.Errorf("%s:%d: %d cells under a header of %d", name, i+1, len(cells), len(t.header))
		default:
			t.lines = append(t.lines, line{number: i + 1, cells: cells})
		}
	}
	usual := headers[filepath.Base(name)]
	if slices.Contains(needs, "scenario") {
		usual = append([]string{"scenario"}, usual...)
	}
	if t.header == nil && len(needs) > 0 && filepath.Base(name) != indexFile {
		t.header = usual
		t.lines = slices.DeleteFunc(t.lines, func(l line) bool { return strings.TrimSpace(l.other) == "" })
	}
	for _, column := range needs {
		if !t.has(column) {
			return nil, fmt.Errorf(
				"%s: no column %q in its first line; its header, with tabs between, is: %s",
				name, column, strings.Join(usual, " "),
			)
		}
	}
	return t, nil
}

func (t *table) has(column string) bool { return slices.Contains(t.header, column) }

// rows are the lines with cells.
func (t *table) rows(yield func(line) bool) {
	for _, l := range t.lines {
		if l.cells != nil && !yield(l) {
			return
		}
	}
}

// cell of a line; "" if there is none.
func (t *table) cell(l line, column string) string {
	i := slices.Index(t.header, column)
	if i < 0 || i >= len(l.cells) {
		return ""
	}
	return strings.TrimSpace(l.cells[i])
}

// row makes a line of cells by their columns.
func (t *table) row(cells map[string]string) line {
	var l line
	for _, column := range t.header {
		l.cells = append(l.cells, cells[column])
	}
	return l
}

func (t *table) bytes() []byte {
	var b strings.Builder
	end := "\n"
	if t.crlf {
		end = "\r\n"
	}
	b.WriteString(strings.Join(t.header, "\t") + end)
	for _, l := range t.lines {
		if l.cells == nil {
			b.WriteString(l.other + end)
			continue
		}
		b.WriteString(strings.Join(l.cells, "\t") + end)
	}
	return []byte(b.String())
}

func (t *table) flag(l line) (Flag, error) {
	f := Flag{
		Patient:    fullPatient(t.cell(l, "patient")),
		Check:      t.cell(l, "check"),
		Ingredient: t.cell(l, "ingredient"),
		Severity:   t.cell(l, "severity"),
	}
	if f.Ingredient == "-" {
		f.Ingredient = ""
	}
	for column, value := range map[string]string{"patient": f.Patient, "check": f.Check, "severity": f.Severity} {
		if value == "" {
			return f, fmt.Errorf("%s:%d: no %s", t.name, l.number, column)
		}
	}
	if !slices.Contains([]string{"high", "moderate", "low"}, f.Severity) {
		return f, fmt.Errorf("%s:%d: severity %q is not one of high, moderate, low", t.name, l.number, f.Severity)
	}
	return f, nil
}

func (t *table) rejection(l line) (reason string, n int, err error) {
	reason, n = t.cell(l, "reason"), 1
	if count := t.cell(l, "count"); count != "" {
		n, err = strconv.Atoi(count)
	}
	if err != nil || n < 1 || reason == "" {
		return "", 0, fmt.Errorf("%s:%d: a reason and a count from 1 up are expected", t.name, l.number)
	}
	return reason, n, nil
}

// take adds a line of a table to what a case must give.
func (w *Want) take(t *table, kind string, l line) error {
	switch kind {
	case rejectedFile:
		reason, n, err := t.rejection(l)
		if err != nil {
			return err
		}
		w.Rejected[reason] += n
	case transitionsFile:
		f, err := t.flag(l)
		if err != nil {
			return err
		}
		change := t.cell(l, "change")
		if change == "" {
			return fmt.Errorf("%s:%d: no change", t.name, l.number)
		}
		w.Transitions = append(w.Transitions, Transition{change, f})
	default:
		f, err := t.flag(l)
		if err != nil {
			return err
		}
		w.Flags = append(w.Flags, f)
	}
	return nil
}

// columns each table needs, besides scenario in one above all cases.
var columns = map[string][]string{
	expectedFile:    {"patient", "check", "severity"},
	rejectedFile:    {"reason"},
	transitionsFile: {"change", "patient", "check", "severity"},
}
