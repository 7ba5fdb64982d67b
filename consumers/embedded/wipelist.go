package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
)

// wipesName is the file that lists which records are overwritten. It is written before that, so
// that the next start finishes what a crash cut short, and stays until the server has stopped:
// what a server has in memory may bring a block back as it was, when a single message in it is
// deleted.
const wipesName = "wipes.json"

type wipeList []blocks.Place

func readWipes(dir string) (wipeList, error) {
	path := filepath.Join(dir, wipesName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	var l wipeList
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, fmt.Errorf("%w: %s: %w; erase those patients again, then delete this file", ErrDamaged, path, err)
	}
	return l, nil
}

func (l wipeList) with(more []blocks.Place) wipeList {
	known := map[blocks.Place]struct{}{}
	for _, r := range l {
		known[r] = struct{}{}
	}
	for _, r := range more {
		if _, again := known[r]; !again {
			l = append(l, r)
		}
	}
	return l
}

func (l wipeList) write(dir string) error {
	if len(l) == 0 {
		return nil
	}
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, wipesName), append(b, '\n')); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// overwrite fills the records of the list, where they still stand, as the server does with one that
// it erases, and syncs. It can be repeated.
func (l wipeList) overwrite(dir string) error {
	byFile := map[string][]blocks.Place{}
	for _, r := range l {
		byFile[r.File] = append(byFile[r.File], r)
	}
	for name, records := range byFile {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("%w: %s names a file outside", ErrDamaged, filepath.Join(dir, wipesName))
		}
		err := blocks.Overwrite(filepath.Join(dir, filepath.FromSlash(name)), records)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	return nil
}

// finishWipes overwrites once more what was to be overwritten, while no server runs, and forgets
// it.
func (e *Embedded) finishWipes() error {
	e.wiping.Lock()
	defer e.wiping.Unlock()
	dir := e.options.Dir
	l, err := readWipes(dir)
	if err != nil || l == nil {
		return err
	}
	if err := l.overwrite(dir); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, wipesName)); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}
