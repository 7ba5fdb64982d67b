package tables

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// releaseFiles are the open files of a release in a folder. The first that cannot be opened is kept
// as an error.
type releaseFiles struct {
	dir, what string
	files     []*os.File
	size      int64
	err       error
}

// open opens a file that the release must have.
func (r *releaseFiles) open(name string) *os.File {
	f, err := os.Open(filepath.Join(r.dir, name))
	if err != nil {
		if r.err == nil {
			r.err = fmt.Errorf("no %s release: %w", r.what, err)
		}
		return nil
	}
	r.files = append(r.files, f)
	if info, err := f.Stat(); err == nil {
		r.size += info.Size()
	}
	return f
}

// openOptional opens a file that a release may lack: nil then.
func (r *releaseFiles) openOptional(name string) *os.File {
	if _, err := os.Stat(filepath.Join(r.dir, name)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return r.open(name)
}

// openOne opens the one file of a pattern, whose name carries the date of the release.
func (r *releaseFiles) openOne(pattern string) *os.File {
	found := glob(r.dir, pattern)
	switch {
	case len(found) == 1:
		return r.open(filepath.Base(found[0]))
	case r.err != nil:
	case len(found) == 0:
		r.err = fmt.Errorf("no %s release: %s holds no %s", r.what, r.dir, pattern)
	default:
		r.err = fmt.Errorf("no %s release: %s holds several %s", r.what, r.dir, pattern)
	}
	return nil
}

func glob(dir, pattern string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, pattern)) // the patterns are ours
	return found
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (r *releaseFiles) close() {
	for _, f := range r.files {
		f.Close()
	}
}

// replaceFile writes a file beside its place and moves it there when it is whole.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".rlsguard-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err = errors.Join(write(f), f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
