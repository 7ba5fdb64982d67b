package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// hasStreams tells whether a data folder has streams of any account.
func hasStreams(dir string) bool {
	return blocks.IsThere(blocks.AccountDir(dir, blocks.SoleAccount)) || inAccounts(dir)
}

// inAccounts tells whether the streams of a data folder have been given to two accounts.
func inAccounts(dir string) bool {
	return blocks.IsThere(blocks.AccountDir(dir, blocks.OwnAccount)) || blocks.IsThere(blocks.AccountDir(dir,
		blocks.OtherAccount))
}

// intoAccounts gives the streams of a folder that one user had to himself to the accounts of
// deploy/accounts.conf. What it had begun when it was interrupted, the next start goes on with. The
// flags are copied again: their stream copies from another account then.
func intoAccounts(dir string) error {
	from := blocks.AccountDir(dir, blocks.SoleAccount)
	streams, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, s := range streams {
		account := blocks.OwnAccount
		switch {
		case s.Name() == layout.StreamFlags:
			if err := os.RemoveAll(filepath.Join(from, s.Name())); err != nil {
				return err
			}
			continue
		case jet.IsApart(s.Name()):
			account = blocks.OtherAccount
		}
		to := blocks.AccountDir(dir, account)
		if err := os.MkdirAll(to, 0o700); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(from, s.Name()), filepath.Join(to, s.Name())); err != nil {
			return fmt.Errorf("giving stream %s to account %s: %w", s.Name(), account, err)
		}
	}
	return os.RemoveAll(filepath.Dir(from))
}

// moved is where a file of the ledger is since its stream was given to an account; "" where the
// stream was left behind to be copied again.
func moved(dir, name string) string {
	path := filepath.ToSlash(name)
	rest, ok := strings.CutPrefix(path, "jetstream/jetstream/"+blocks.SoleAccount+"/streams/")
	if !ok || !inAccounts(dir) {
		return name
	}
	stream, file, _ := strings.Cut(rest, "/")
	if stream == layout.StreamFlags {
		return ""
	}
	now, err := filepath.Rel(dir, filepath.Join(blocks.StreamDir(dir, stream), filepath.FromSlash(file)))
	if err != nil {
		return name
	}
	return now
}
