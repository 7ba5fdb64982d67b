package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/sealed"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

type importCommand struct {
	storedFlags

	Identity []string `placeholder:"FILE" help:"Identity of age that opens an encrypted export (mode 0600). Repeatable."`
	Replicas int      `default:"1" help:"Replicas of new streams; 3 in a cluster."`
	File     string   `arg:"" help:"File written by rlsguard export."`
}

// Help is shown below the options.
func (importCommand) Help() string {
	return `Examples:
  rlsguard import --context new-admin --key-file site.key --replicas 3 export.gz
  rlsguard import --data /var/lib/rlsguard --key-file site.key \
    --identity backup.identity export.gz.age
  rlsguard verify --data /var/lib/rlsguard

Restores an export on a server that holds no states: a new cluster, or after a loss. rlsguard serve must not be running. When started afterwards it sets the timers, evaluates every patient and continues the flag numbers. With --data, the site key is copied into DIR as well.

A server that holds states, another site key or a damaged file is refused; the file is read to its end before anything is stored. If interrupted, run it again.

Encryption is detected. Patients erased after the export was made are in it: erase them again before rlsguard serve starts.`
}

// Run imports.
func (c *importCommand) Run(p *terminal.Program) (err error) {
	if c.Replicas < 1 {
		return errors.New("--replicas must be above 0")
	}
	ctx, stop := terminal.Interruptible()
	defer stop()
	key, err := c.siteKey()
	if err != nil {
		return err
	}
	identities, err := sealed.Identities(c.Identity)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	whole, err := c.check(p, key, f, identities)
	if err != nil {
		return err
	}
	s, err := c.open(ctx, p, "import", true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(s.explain(err), s.close()) }()
	if err := c.keepKey(); err != nil {
		return err
	}
	plain, _, err := sealed.Open(f, identities)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	bar := terminal.StartProgress(
		p.Stderr,
		"importing",
		int64(whole.Records),
		func(n int64) string { return terminal.Plural(int(n), "record", "records") },
	)
	done, err := s.Import(ctx, s.key, plain, c.Replicas, bar.Add)
	bar.End()
	if err != nil {
		return err
	}
	terminal.Tell(p.Stderr, "%s imported; start rlsguard serve now", portedWords(done))
	return nil
}

// check reads the file to its end, and goes back to its start.
func (c *importCommand) check(
	p *terminal.Program,
	key []byte,
	f *os.File,
	identities []age.Identity,
) (whole operate.Ported, err error) {
	info, err := f.Stat()
	if err != nil {
		return whole, err
	}
	bar := terminal.StartProgress(p.Stderr, "checking", info.Size(), terminal.Megabytes)
	plain, encrypted, err := sealed.Open(bar.Reader(f), identities)
	if err == nil {
		whole, err = operate.CheckExport(key, plain)
	}
	bar.End()
	if err != nil {
		return whole, fmt.Errorf("%s: %w", c.File, err)
	}
	if len(identities) > 0 && !encrypted {
		terminal.Tell(p.Stderr, "%s is not encrypted: anybody who had it could read it", c.File)
	}
	_, err = f.Seek(0, io.SeekStart)
	return whole, err
}

// keepKey puts the key into a data folder that has none, so that serve on it uses this one.
func (c *importCommand) keepKey() error {
	if c.Data == "" || c.KeyFile == "" {
		return nil
	}
	path := filepath.Join(c.Data, "site.key")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return err
	}
	return writeWhole(path, func(w io.Writer) error {
		_, err := w.Write(key)
		return err
	})
}
