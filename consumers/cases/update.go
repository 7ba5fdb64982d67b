package cases

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/txtar"
)

// expectations are where the expected tables of a case are kept.
type expectations interface {
	update(c *Case, g *Got) error
}

// Update writes what a case gave as what it must give. Rows that stay keep their other columns.
func (c *Case) Update(g *Got) error { return c.source.update(c, g) }

type readOnly struct{ path string }

func (r readOnly) update(*Case, *Got) error {
	return fmt.Errorf("%s: its expected outcome cannot be updated; --import makes a case of it first", r.path)
}

// Headers of new tables of one case.
var headers = map[string][]string{
	expectedFile:    {"patient", "check", "ingredient", "severity"},
	rejectedFile:    {"reason", "count"},
	transitionsFile: {"change", "patient", "check", "ingredient", "severity"},
	indexFile:       {"title", "as_of", "notes"},
}

// rows of a table, by their columns.
func (g *Got) rows(kind string) (rows []map[string]string) {
	cells := func(f Flag) map[string]string {
		return map[string]string{
			"patient":    f.Patient,
			"check":      f.Check,
			"ingredient": f.Ingredient,
			"severity":   f.Severity,
		}
	}
	switch kind {
	case rejectedFile:
		for _, r := range slices.Sorted(maps.Keys(g.Rejected)) {
			rows = append(rows, map[string]string{"reason": r, "count": strconv.Itoa(g.Rejected[r])})
		}
	case transitionsFile:
		for _, t := range g.Transitions {
			row := cells(t.Flag)
			row["change"] = t.Change
			rows = append(rows, row)
		}
	default:
		for _, f := range g.Flags {
			rows = append(rows, cells(f))
		}
	}
	return rows
}

// replace replaces the rows of a case; scenario is "" in a table of one case.
func (t *table) replace(scenario string, rows []map[string]string) {
	mine := func(l line) bool { return l.cells != nil && (scenario == "" || t.cell(l, "scenario") == scenario) }
	at := slices.IndexFunc(t.lines, mine)
	if at < 0 {
		at = len(t.lines)
	}
	var fresh []line
	for _, cells := range rows {
		if scenario != "" {
			cells["scenario"] = scenario
		}
		kept := slices.IndexFunc(t.lines, func(l line) bool { return mine(l) && t.sameRow(l, cells) })
		if kept >= 0 {
			fresh = append(fresh, t.merged(t.lines[kept], cells))
			continue
		}
		fresh = append(fresh, t.row(cells))
	}
	before := slices.DeleteFunc(slices.Clone(t.lines[:at]), mine)
	after := slices.DeleteFunc(slices.Clone(t.lines[at:]), mine)
	t.lines = slices.Concat(before, fresh, after)
}

// sameRow reports whether a row is about the same flag or reason, whatever its severity or count.
func (t *table) sameRow(l line, cells map[string]string) bool {
	for _, column := range []string{"patient", "check", "ingredient", "reason", "change"} {
		if value, ok := cells[column]; ok && t.cell(l, column) != value {
			return false
		}
	}
	return true
}

// merged is a row with new cells, and the others unchanged.
func (t *table) merged(l line, cells map[string]string) line {
	out := t.row(cells)
	for i, column := range t.header {
		if _, ok := cells[column]; !ok && i < len(l.cells) {
			out.cells[i] = l.cells[i]
		}
	}
	return out
}

// changed is a table of one case as it should be; nil if there is none and none is needed.
func changed(kind, name string, data []byte, g *Got) ([]byte, error) {
	rows := g.rows(kind)
	if data == nil && (kind == rejectedFile && len(rows) == 0 || kind == transitionsFile && g.Transitions == nil) {
		return nil, nil
	}
	t := &table{name: name, header: headers[kind]}
	if data != nil {
		var err error
		if t, err = readTable(name, data, columns[kind]...); err != nil {
			return nil, err
		}
	}
	t.replace("", rows)
	return t.bytes(), nil
}

// caseTables are in the folder of the case.
type caseTables struct{ dir string }

func (s *caseTables) update(_ *Case, g *Got) error {
	for _, kind := range []string{expectedFile, rejectedFile, transitionsFile} {
		path := filepath.Join(s.dir, kind)
		data, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		out, err := changed(kind, path, data, g)
		if err != nil {
			return err
		}
		if out == nil {
			continue
		}
		if err := os.WriteFile(path, out, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// archiveTables are in a txtar archive.
type archiveTables struct{ path string }

func (s *archiveTables) update(_ *Case, g *Got) error {
	data, err := os.ReadFile(s.path)
	if err != nil {
		return err
	}
	a := txtar.Parse(data)
	for _, kind := range []string{expectedFile, rejectedFile, transitionsFile} {
		i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == kind })
		var have []byte
		if i >= 0 {
			have = a.Files[i].Data
		}
		out, err := changed(kind, s.path+"/"+kind, have, g)
		switch {
		case err != nil:
			return err
		case out == nil:
		case i >= 0:
			a.Files[i].Data = out
		default:
			a.Files = append(a.Files, txtar.File{Name: kind, Data: out})
		}
	}
	return os.WriteFile(s.path, txtar.Format(a), 0o666)
}

// folderTables are above all cases.
type folderTables struct {
	set  *tableSet
	name string
}

func (s *folderTables) update(_ *Case, g *Got) error {
	rejected := 0
	for _, n := range g.Rejected {
		rejected += n
	}
	for _, kind := range []string{expectedFile, rejectedFile, transitionsFile} {
		t := s.set.tables[kind]
		rows := g.rows(kind)
		if t == nil {
			if len(rows) == 0 {
				continue
			}
			t = &table{name: filepath.Join(s.set.dir, kind), header: append([]string{"scenario"}, headers[kind]...)}
			s.set.tables[kind] = t
		}
		t.replace(s.name, rows)
		if err := os.WriteFile(t.name, t.bytes(), 0o666); err != nil {
			return err
		}
	}
	t := s.set.tables[indexFile]
	if t == nil {
		return nil
	}
	for i, l := range t.lines {
		if l.cells != nil && t.cell(l, "scenario") == s.name {
			t.lines[i] = t.merged(
				l,
				map[string]string{
					"scenario":          s.name,
					"n_flags":           strconv.Itoa(len(g.Flags)),
					"expected_rejected": strconv.Itoa(rejected),
				},
			)
		}
	}
	return os.WriteFile(t.name, t.bytes(), 0o666)
}
