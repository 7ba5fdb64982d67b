package main

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
)

// source is one file, or standard input.
type source struct {
	name string // as it is reported
	size int64  // in bytes, packed; 0 when it is not known
	open func() (io.ReadCloser, error)
}

// inputs are the sources of a command line, in the order in which they are read: paths as given, the files of a folder sorted by path.
type inputs struct {
	sources []source
	notes   []string // what a reader of stderr should know
	roots   []*os.Root
}

// stdinName stands for standard input in paths and reports.
const stdinName = "-"

// openInputs finds all files that paths name. A path that is not there, or a folder that cannot be read, is an error; so are folders that
// hold no file to read at all: a test over them would pass for ever.
func openInputs(paths []string, stdin io.Reader) (*inputs, error) {
	in := &inputs{}
	for _, path := range paths {
		if err := in.add(path, stdin); err != nil {
			in.close()
			return nil, err
		}
	}
	if len(paths) > 0 && len(in.sources) == 0 {
		in.close()
		return nil, errors.New("nothing was read: " + strings.Join(in.notes, "; "))
	}
	return in, nil
}

func (in *inputs) add(path string, stdin io.Reader) error {
	if path == stdinName {
		if slices.ContainsFunc(in.sources, func(s source) bool { return s.name == stdinName }) {
			return errors.New("standard input (-) can be read only once")
		}
		in.sources = append(in.sources, source{name: stdinName, open: func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }})
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return in.folder(path)
	}
	in.sources = append(in.sources, source{name: path, size: info.Size(), open: func() (io.ReadCloser, error) { return os.Open(path) }})
	return nil
}

// folder adds the files of a folder. They are opened through a root that no link leads out of.
func (in *inputs) folder(path string) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	in.roots = append(in.roots, root)
	var found []source
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(path, name), err)
		}
		if entry.IsDir() || !readable(name) {
			return nil
		}
		info, err := root.Stat(name)
		switch {
		case err != nil && entry.Type()&fs.ModeSymlink != 0:
			in.notes = append(in.notes, filepath.Join(path, name)+": not read, a link that leads nowhere or out of the folder")
			return nil
		case err != nil:
			return err
		case info.Mode().IsRegular():
			found = append(found, source{name: filepath.Join(path, name), size: info.Size(),
				open: func() (io.ReadCloser, error) { return root.Open(name) }})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		in.notes = append(in.notes, path+": no file in it ends in .json, .ndjson, .json.gz or .ndjson.gz")
	}
	slices.SortFunc(found, func(a, b source) int { return cmp.Compare(filepath.ToSlash(a.name), filepath.ToSlash(b.name)) })
	in.sources = append(in.sources, found...)
	return nil
}

// readable tells which files of a folder are read.
func readable(name string) bool {
	name = strings.TrimSuffix(name, ".gz")
	return strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".ndjson")
}

func (in *inputs) close() {
	for _, r := range in.roots {
		r.Close()
	}
}
