package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Accounts under which the server keeps streams: the one without a name when everybody is one user,
// else the two of deploy/accounts.conf.
const (
	soleAccount  = "$G"
	ownAccount   = "RLSGUARD"
	otherAccount = "RLSGUARD_OUT"
)

// accountDir is where the server keeps the streams of an account; it puts a folder of its own below
// the one it is given.
func accountDir(dir, account string) string {
	return filepath.Join(dir, "jetstream", "jetstream", account, "streams")
}

// streamDir is the folder of a stream, whichever account holds it.
func streamDir(dir, stream string) string {
	for _, account := range []string{ownAccount, otherAccount} {
		if path := filepath.Join(accountDir(dir, account), stream); isThere(path) {
			return path
		}
	}
	return filepath.Join(accountDir(dir, soleAccount), stream)
}

// hasStreams tells whether a data folder has streams of any account.
func hasStreams(dir string) bool { return isThere(accountDir(dir, soleAccount)) || inAccounts(dir) }

// inAccounts tells whether the streams of a data folder have been given to two accounts.
func inAccounts(dir string) bool {
	return isThere(accountDir(dir, ownAccount)) || isThere(accountDir(dir, otherAccount))
}

// intoAccounts gives the streams of a folder that one user had to himself to the accounts of
// deploy/accounts.conf. What it had begun when it was interrupted, the next start goes on with. The
// flags are copied again: their stream copies from another account then.
func intoAccounts(dir string) error {
	from := accountDir(dir, soleAccount)
	streams, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, s := range streams {
		account := ownAccount
		switch {
		case s.Name() == layout.StreamFlags:
			if err := os.RemoveAll(filepath.Join(from, s.Name())); err != nil {
				return err
			}
			continue
		case jet.IsApart(s.Name()):
			account = otherAccount
		}
		to := accountDir(dir, account)
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
	rest, ok := strings.CutPrefix(path, "jetstream/jetstream/"+soleAccount+"/streams/")
	if !ok || !inAccounts(dir) {
		return name
	}
	stream, file, _ := strings.Cut(rest, "/")
	if stream == layout.StreamFlags {
		return ""
	}
	now, err := filepath.Rel(dir, filepath.Join(streamDir(dir, stream), filepath.FromSlash(file)))
	if err != nil {
		return name
	}
	return now
}
