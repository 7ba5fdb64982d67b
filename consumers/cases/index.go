package cases

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// tables reads the cases of a folder that has one table above all.
func (l *loader) tables(dir, name string) error {
	set := &tableSet{dir: dir, tables: map[string]*table{}}
	if err := set.read(); err != nil {
		return err
	}
	byName := map[string]*Case{}
	names, err := set.names()
	if err != nil {
		return err
	}
	for _, n := range names {
		c := l.newCase(filepath.Join(name, n))
		c.dir = filepath.Join(dir, n)
		c.files, c.Fault = folderFiles(c.dir)
		c.source = &folderTables{set: set, name: n}
		if errors.Is(c.Fault, fs.ErrNotExist) {
			c.Fault = fmt.Errorf("%s names it, but there is no such folder", indexFile)
		}
		for _, f := range c.files {
			c.HasSettings = c.HasSettings || f.name == settingsFile
		}
		if set.tables[transitionsFile] != nil {
			c.Want.Transitions = []Transition{}
		}
		byName[n] = c
		l.found = append(l.found, c)
	}
	for kind := range columns {
		if t := set.tables[kind]; t != nil {
			if err := takeRows(t, kind, byName); err != nil {
				return err
			}
		}
	}
	l.index(set, byName)
	for _, c := range byName {
		c.check()
	}
	l.unnamed(dir, byName)
	return nil
}

func takeRows(t *table, kind string, byName map[string]*Case) error {
	for row := range t.rows {
		c := byName[t.cell(row, "scenario")]
		if c == nil {
			return fmt.Errorf("%s:%d: no case %q", t.name, row.number, t.cell(row, "scenario"))
		}
		if err := c.Want.take(t, kind, row); err != nil {
			c.Fault = cmp.Or(c.Fault, err)
		}
	}
	return nil
}

// index reads what index.tsv says of each case, and checks its numbers against the other tables.
func (l *loader) index(set *tableSet, byName map[string]*Case) {
	t := set.tables[indexFile]
	if t == nil {
		return
	}
	for row := range t.rows {
		c := byName[t.cell(row, "scenario")]
		c.Title, c.Notes = t.cell(row, "title"), strings.Fields(t.cell(row, "notes"))
		c.setAsOf(cmp.Or(t.cell(row, "as_of"), t.cell(row, "as-of")))
		rejected := 0
		for _, n := range c.Want.Rejected {
			rejected += n
		}
		for column, n := range map[string]int{"n_flags": len(c.Want.Flags), "expected_rejected": rejected} {
			if said := t.cell(row, column); said != "" && said != strconv.Itoa(n) {
				c.Fault = cmp.Or(
					c.Fault,
					fmt.Errorf("%s:%d: %s is %s, but the tables have %d", t.name, row.number, column, said, n),
				)
			}
		}
	}
}

// unnamed reports folders no row names: a case nobody runs looks like one that passes.
func (l *loader) unnamed(dir string, byName map[string]*Case) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() && byName[e.Name()] == nil && !strings.HasPrefix(e.Name(), ".") {
			l.note("%s: passed over, %s does not name it", filepath.Join(dir, e.Name()), indexFile)
		}
	}
}

// tableSet is the tables of a folder.
type tableSet struct {
	dir    string
	tables map[string]*table
}

func (s *tableSet) read() error {
	needs := map[string][]string{indexFile: nil}
	for kind, columns := range columns {
		needs[kind] = columns
	}
	for kind, columns := range needs {
		path := filepath.Join(s.dir, kind)
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if s.tables[kind], err = readTable(path, data, append([]string{"scenario"}, columns...)...); err != nil {
			return err
		}
	}
	return nil
}

// names of the cases: those of index.tsv, else of all folders.
func (s *tableSet) names() (names []string, err error) {
	if t := s.tables[indexFile]; t != nil {
		for row := range t.rows {
			name := t.cell(row, "scenario")
			if name == "" || !filepath.IsLocal(name) || slices.Contains(names, name) {
				return nil, fmt.Errorf("%s:%d: %q is not a folder name, or occurs twice", t.name, row.number, name)
			}
			names = append(names, name)
		}
		return names, nil
	}
	entries, err := os.ReadDir(s.dir)
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}
