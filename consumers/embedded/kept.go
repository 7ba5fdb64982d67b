package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// keptName is a folder with a second link to every block file of RLS that the ledger lists. The
// server removes a block once everything in it was replaced or purged, at any time. After a crash
// the link shows what was in a block that is gone: without it nobody could tell that from a loss.
const keptName = "blocks"

func keptPath(dir string, n int) string {
	return filepath.Join(dir, keptName, fmt.Sprintf("%d.blk", n))
}

// keepBlocks links the blocks of RLS that the ledger lists. Where the disk knows no links there are
// none, and a block that goes in the second of a crash is taken for lost.
func (l *ledger) keepBlocks(dir string) error {
	numbers := l.Blocks[layout.StreamRLS]
	if len(numbers) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(dir, keptName), 0o700); err != nil {
		return err
	}
	for _, n := range numbers {
		from, to := filepath.Join(blocks.StreamDir(dir, layout.StreamRLS), "msgs", fmt.Sprintf("%d.blk", n)),
			keptPath(dir, n)
		is, err := os.Stat(from)
		if err != nil { // it went meanwhile, or is being rewritten
			continue
		}
		if was, err := os.Stat(to); err == nil && os.SameFile(is, was) {
			continue
		}
		if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Link(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// dropBlocks removes the links of blocks that the ledger, as it was written, does not list.
func (l *ledger) dropBlocks(dir string) error {
	listed := map[string]bool{}
	for _, n := range l.Blocks[layout.StreamRLS] {
		listed[filepath.Base(keptPath(dir, n))] = true
	}
	found, err := os.ReadDir(filepath.Join(dir, keptName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range found {
		if !listed[f.Name()] {
			err = errors.Join(err, os.Remove(filepath.Join(dir, keptName, f.Name())))
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// emptied tells whether everything that a block of RLS held, which is gone, was replaced since, has
// outlived its time, or is held by RLS_AUDIT. What shows a flag is not looked for: it leaves RLS
// once RLS_FLAGS and RLS_AUDIT hold it, and a session finds out by the states what neither has.
func emptied(dir string, n int) (bool, error) {
	open := map[string]blocks.Record{} // the newest under each subject that is not accounted for
	err := blocks.Each(keptPath(dir, n), func(r blocks.Record) {
		timer := strings.HasPrefix(r.Subject, layout.SubjectTimer) || strings.HasPrefix(r.Subject, layout.SubjectDue)
		shows := strings.HasPrefix(r.Subject, layout.SubjectCommitFlags)
		if !timer && !shows && !r.Outlived(time.Now()) {
			open[r.Subject] = r
		}
	})
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	for _, stream := range []string{layout.StreamRLS, layout.StreamAudit} {
		files, failed := filepath.Glob(filepath.Join(blocks.StreamDir(dir, stream), "msgs", "*.blk"))
		err = errors.Join(err, failed)
		for _, f := range files {
			if err != nil || len(open) == 0 {
				break
			}
			err = blocks.Each(f, func(r blocks.Record) {
				if stream == layout.StreamAudit {
					r = r.Copied()
				}
				if was, ok := open[r.Subject]; ok && r.Seq >= was.Seq {
					delete(open, r.Subject)
				}
			})
		}
	}
	return len(open) == 0, err
}
