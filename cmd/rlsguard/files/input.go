package files

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// Source is one file, or standard input.
type Source struct {
	Name string // as it is reported
	size int64  // in bytes, packed; 0 when it is not known
	// typed: a person may be typing it.
	typed bool
	Open  func() (io.ReadCloser, error)
}

// inputs are the sources of a command line, in the order in which they are read: paths as given,
// the files of a folder sorted by path.
type inputs struct {
	Sources []Source
	Unread  []Unread // what lies in the folders and is no source
	Roots   []*os.Root
}

// StdinName stands for standard input in paths and reports.
const StdinName = "-"

// Open finds all files that paths name. A path that is not there, or a folder that cannot be
// opened, is an error.
func Open(paths []string, p *terminal.Program) (*inputs, error) {
	in := &inputs{}
	for _, path := range paths {
		if err := in.add(path, p); err != nil {
			in.Close()
			return nil, err
		}
	}
	return in, nil
}

func (in *inputs) add(path string, p *terminal.Program) error {
	if path == StdinName {
		if slices.ContainsFunc(in.Sources, func(s Source) bool { return s.Name == StdinName }) {
			return errors.New("standard input (-) can be read only once")
		}
		in.Sources = append(
			in.Sources,
			Source{
				Name: StdinName, typed: terminal.IsTerminal(p.Stdin),
				Open: func() (io.ReadCloser, error) { return io.NopCloser(p.Input()), nil },
			},
		)
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return in.folder(path)
	}
	in.Sources = append(
		in.Sources,
		Source{Name: path, size: info.Size(), Open: func() (io.ReadCloser, error) { return os.Open(path) }},
	)
	return nil
}

// folder is one that is walked. Its files are opened through a root that no link leads out of.
type folder struct {
	path  string
	root  *os.Root
	found []Source
	other map[string]int // files that are not read for their name, by its end
	links []Unread
}

// folder adds the files of a folder.
func (in *inputs) folder(path string) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	in.Roots = append(in.Roots, root)
	f := &folder{path: path, root: root, other: map[string]int{}}
	if err := fs.WalkDir(root.FS(), ".", f.visit); err != nil {
		return err
	}
	slices.SortFunc(
		f.found,
		func(a, b Source) int { return cmp.Compare(filepath.ToSlash(a.Name), filepath.ToSlash(b.Name)) },
	)
	in.Sources = append(in.Sources, f.found...)
	in.Unread = append(in.Unread, f.links...)
	in.Unread = append(in.Unread, f.passedOver()...)
	return nil
}

func (f *folder) visit(name string, entry fs.DirEntry, err error) error {
	switch {
	case err != nil && name == ".":
		return fmt.Errorf("%s: %w", f.path, err)
	case err != nil:
		f.fail(name, err)
	case entry.IsDir():
	case entry.Type()&fs.ModeSymlink != 0:
		f.link(name)
	case !readable(name):
		f.other[ending(name)]++
	default:
		if info, err := entry.Info(); err != nil {
			f.fail(name, err)
		} else {
			f.file(name, name, info)
		}
	}
	return nil
}

// file adds what stands at target, a path in the folder, under the name that it was found by. What
// is no regular file could keep its reader waiting for ever.
func (f *folder) file(name, target string, info fs.FileInfo) {
	full := filepath.Join(f.path, name)
	if !info.Mode().IsRegular() {
		f.links = append(f.links, Unread{Source: full, Reason: unreadSpecial, Count: 1, Detail: "not a regular file"})
		return
	}
	f.found = append(
		f.found,
		Source{Name: full, size: info.Size(), Open: func() (io.ReadCloser, error) { return f.root.Open(target) }},
	)
}

// fail adds a source that cannot be opened, so that it is reported as one and the others are read.
func (f *folder) fail(name string, err error) {
	full := filepath.Join(f.path, name)
	f.found = append(
		f.found,
		Source{Name: full, Open: func() (io.ReadCloser, error) { return nil, fmt.Errorf("%s: %w", full, err) }},
	)
}

// link follows a link to a file of the same folder. A folder that a link leads to is read where it
// stands, if that is inside.
func (f *folder) link(name string) {
	target := name
	info, err := f.root.Stat(name)
	if err != nil {
		if target = f.inside(name); target != "" {
			info, err = f.root.Stat(target)
		}
	}
	full := filepath.Join(f.path, name)
	switch {
	case err == nil && info.IsDir():
	case err == nil && readable(name):
		f.file(name, target, info)
	case err == nil || !readable(name) && !isFolder(full):
		f.other[ending(name)]++
	default:
		f.links = append(
			f.links,
			Unread{
				Source: full,
				Reason: unreadLink,
				Count:  1,
				Detail: "a link that leads nowhere or out of the folder",
			},
		)
	}
}

// inside is where in the folder a link leads that is written as an absolute path; "" when it does
// not.
func (f *folder) inside(name string) string {
	base, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		return ""
	}
	if base, err = filepath.Abs(base); err != nil {
		return ""
	}
	target, err := filepath.EvalSymlinks(filepath.Join(base, name))
	if err != nil {
		return ""
	}
	rel, err := filepath.Rel(base, target)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return rel
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// readable tells which files of a folder are read.
func readable(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	return strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".ndjson")
}

func (in *inputs) Close() {
	for _, r := range in.Roots {
		r.Close()
	}
}
