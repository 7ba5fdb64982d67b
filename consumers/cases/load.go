package cases

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// Load finds the cases under a path, sorted by name. The path is one of:
//
//   - a folder with index.tsv, or with an expected.tsv that has a column scenario: the tables above
//     all cases. Each row of index.tsv names a folder beside it; without index.tsv every folder
//     with input in it is a case;
//   - a folder with an expected.tsv, rejected.tsv or transitions.tsv without that column: one case;
//   - a txtar archive with such a file in it: one case;
//   - a CPG test case bundle (a file in JSON): one case;
//   - a folder of any of these.
//
// notes say what was skipped, and why.
func Load(path string) (found []*Case, notes []string, err error) {
	l := &loader{suite: path}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		err = l.folder(path, ".")
	} else {
		err = l.file(filepath.Dir(path), filepath.Base(path), true)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(l.found) == 0 {
		return nil, l.notes, fmt.Errorf(
			"%s: no case in it: a case has an expected.tsv, rejected.tsv or transitions.tsv%s",
			path,
			because(l.notes),
		)
	}
	slices.SortStableFunc(l.found, func(a, b *Case) int { return cmp.Compare(a.Name, b.Name) })
	return l.found, l.notes, nil
}

func because(notes []string) string {
	if len(notes) == 0 {
		return ""
	}
	return "; " + strings.Join(notes, "; ")
}

type loader struct {
	suite string
	found []*Case
	notes []string
}

func (l *loader) note(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

// folder looks for cases in a folder; name is its path below the suite.
func (l *loader) folder(dir, name string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	has := func(file string) bool {
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == file && !e.IsDir() })
	}
	above, err := tablesAbove(dir, has)
	switch {
	case err != nil:
		return err
	case above:
		return l.tables(dir, name)
	case has(expectedFile) || has(rejectedFile) || has(transitionsFile):
		c := l.newCase(name)
		if c.Name == "." {
			c.Name = filepath.Base(l.suite)
		}
		c.dir = dir
		c.files, c.Fault = folderFiles(dir)
		c.source = &caseTables{dir: dir}
		c.readOwn()
		l.found = append(l.found, c)
		return nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			err = l.folder(path, filepath.Join(name, e.Name()))
		} else {
			err = l.file(dir, filepath.Join(name, e.Name()), false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) newCase(name string) *Case {
	return &Case{Suite: l.suite, Name: filepath.ToSlash(name), Want: Want{Rejected: map[string]int{}}}
}

// tablesAbove reports whether the tables in a folder are about the folders in it.
func tablesAbove(dir string, has func(string) bool) (bool, error) {
	if has(indexFile) {
		return true, nil
	}
	for _, name := range []string{expectedFile, rejectedFile, transitionsFile} {
		if !has(name) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return false, err
		}
		// An unreadable table is the fault of the case in this folder, which reports it.
		if t, err := readTable(name, data); err == nil && t.has("scenario") {
			return true, nil
		}
	}
	return false, nil
}

// folderFiles are all files of a folder and the folders in it.
func folderFiles(dir string) ([]file, error) {
	var all []file
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all = append(all, diskFile(dir, filepath.ToSlash(name)))
		return err
	})
	return all, err
}

// file takes in a file that is a case by itself. One that was named must be one.
func (l *loader) file(dir, name string, named bool) error {
	path := filepath.Join(dir, filepath.Base(name))
	switch {
	case strings.HasSuffix(name, ".txtar"):
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if c := l.archive(path, name, data); c != nil {
			l.found = append(l.found, c)
			return nil
		}
		l.note("%s: passed over, no %s, %s or %s in it", path, expectedFile, rejectedFile, transitionsFile)
	case strings.HasSuffix(name, ".json"):
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if isCPG(data) {
			l.found = append(l.found, l.cpg(path, name, data))
			return nil
		}
		if named {
			return fmt.Errorf(
				"%s: not a CPG test case bundle (meta.profile), which is the only case that is one JSON file",
				path,
			)
		}
		l.note("%s: passed over, input without an %s beside it", path, expectedFile)
	case named:
		return fmt.Errorf("%s: a case is a folder, a .txtar archive or a CPG test case bundle", path)
	}
	return nil
}

// archive is the case in a txtar archive; nil if it expects nothing.
func (l *loader) archive(path, name string, data []byte) *Case {
	a := txtar.Parse(data)
	c := l.newCase(strings.TrimSuffix(name, ".txtar"))
	expects := false
	for _, f := range a.Files {
		expects = expects || columns[f.Name] != nil
		c.files = append(c.files, file{f.Name, func() ([]byte, error) { return f.Data, nil }})
	}
	if !expects {
		return nil
	}
	for l := range strings.Lines(string(a.Comment)) {
		l = strings.TrimSpace(strings.TrimLeft(l, "# "))
		if asOf, ok := strings.CutPrefix(strings.ToLower(l), "as-of:"); ok {
			c.setAsOf(strings.ToUpper(strings.TrimSpace(asOf)))
		} else if c.Title == "" {
			c.Title = l
		}
	}
	c.source = &archiveTables{path: path}
	c.readOwn()
	return c
}

func (c *Case) setAsOf(text string) {
	if text == "" {
		return
	}
	if _, err := parseAsOf(text, nil); err != nil {
		c.Fault = cmp.Or(c.Fault, err)
		return
	}
	c.AsOf = text
}

// readOwn reads what a case says of itself.
func (c *Case) readOwn() {
	for _, f := range c.files {
		needs := columns[f.name]
		if needs == nil && !isAsOf(f.name) {
			c.HasSettings = c.HasSettings || f.name == settingsFile
			continue
		}
		data, err := f.read()
		if err == nil && isAsOf(f.name) {
			c.setAsOf(string(bytes.TrimSpace(data)))
			continue
		}
		if err == nil {
			err = c.Want.takeAll(c.Name, f.name, data, needs)
		}
		if err != nil {
			c.Fault = cmp.Or(c.Fault, err)
		}
	}
	c.check()
}

func (w *Want) takeAll(of, name string, data []byte, needs []string) error {
	t, err := readTable(of+"/"+name, data, needs...)
	if err != nil {
		return err
	}
	if name == transitionsFile {
		w.Transitions = []Transition{}
	}
	for l := range t.rows {
		if err := w.take(t, name, l); err != nil {
			return err
		}
	}
	return nil
}

// check verifies that a case is complete and consistent.
func (c *Case) check() {
	slices.SortFunc(c.Want.Flags, compareFlags)
	if c.Fault == nil && len(c.inputs()) == 0 {
		c.Fault = errors.New("no input: no file in it ends in .json, .ndjson, .json.gz or .ndjson.gz")
	}
	for i := 1; i < len(c.Want.Flags) && c.Fault == nil; i++ {
		if c.Want.Flags[i].key() == c.Want.Flags[i-1].key() {
			c.Fault = fmt.Errorf("%s is expected twice", c.Want.Flags[i])
		}
	}
}

func isAsOf(name string) bool { return name == asOfFile || name == asOfText }
