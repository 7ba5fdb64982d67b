package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

type exportCommand struct {
	storedFlags

	File string `arg:"" help:"Where to, or - for standard output. A file must not be there yet; only its owner can read it."`
}

// Help is shown below the options.
func (exportCommand) Help() string {
	return `Writes everything that rlsguard knows: the facts of all patients, their flags with their numbers, and the transitions kept for audit, as they are at one moment. rlsguard serve may go on meanwhile. Not in it: the streams FHIR and RLS_DEAD, which nats stream backup takes, timers, which are set again, and the site key, without which an export is worth nothing: keep a copy of it apart. An export holds patient data and is not encrypted.

The file is gzip around a checksummed stream of records; rlsguard import refuses one that is not whole.

Examples:
  rlsguard export /backup/rlsguard-2026-11-24.gz
  rlsguard export --context admin --key-file site.key - | age -r age1... >backup.age`
}

// Run exports.
func (c *exportCommand) Run(p *terminal.Program) (err error) {
	ctx, stop := interruptible()
	defer stop()
	if c.File != "-" {
		if _, err := os.Lstat(c.File); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, fmt.Errorf("%s is there already: name another file", c.File))
		}
	}
	s, err := c.open(ctx, p, "export", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(s.explain(err), s.close()) }()
	var bar *terminal.Progress
	var done operate.Ported
	write := func(w io.Writer) (err error) {
		done, err = s.Export(
			ctx,
			s.key,
			w,
			func(n int64) { bar = terminal.StartProgress(p.Stderr, "exporting", n, messages) },
			func(n int64) { bar.Add(n) },
		)
		return err
	}
	if c.File == "-" {
		err = write(p.Stdout)
	} else {
		err = writeWhole(c.File, write)
	}
	bar.End()
	if err != nil {
		return err
	}
	terminal.Tell(p.Stderr, "%s exported", portedWords(done))
	return nil
}

func portedWords(n operate.Ported) string {
	return terminal.Plural(
		int(n.Patients),
		"state",
		"states",
	) + " of patients and " + terminal.Plural(
		int(n.Transitions),
		"transition",
		"transitions",
	)
}

// writeWhole puts a file in place once all of it is written, readable for its owner alone.
func writeWhole(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = errors.Join(f.Chmod(0o600), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

type importCommand struct {
	storedFlags

	Replicas int    `default:"1" help:"Replicas of the streams that have to be made; 3 in a cluster."`
	File     string `arg:"" help:"What rlsguard export wrote."`
}

// Help is shown below the options.
func (importCommand) Help() string {
	return `Stores an export on a server that has no states yet, for a new cluster or after a loss. rlsguard serve must not run there; started after it, it sets the timers, evaluates every patient, and goes on with the numbers of the flags. It refuses a server with states, another site key, and a file that is not whole; the file is read to its end before anything is stored. One that was interrupted is done again from the start. With --data, the site key of --key-file is put into DIR too.

Examples:
  rlsguard import --context new-admin --key-file site.key --replicas 3 rlsguard-2026-11-24.gz
  rlsguard import --data /var/lib/rlsguard --key-file site.key rlsguard-2026-11-24.gz && rlsguard verify --data /var/lib/rlsguard`
}

// Run imports.
func (c *importCommand) Run(p *terminal.Program) (err error) {
	if c.Replicas < 1 {
		return errors.New("--replicas has to be above 0")
	}
	ctx, stop := interruptible()
	defer stop()
	key, err := c.siteKey()
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	bar := terminal.StartProgress(p.Stderr, "checking", info.Size(), terminal.Megabytes)
	whole, err := operate.CheckExport(key, bar.Reader(f))
	bar.End()
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
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
	bar = terminal.StartProgress(
		p.Stderr,
		"importing",
		int64(whole.Records),
		func(n int64) string { return terminal.Plural(int(n), "record", "records") },
	)
	done, err := s.Import(ctx, s.key, f, c.Replicas, bar.Add)
	bar.End()
	if err != nil {
		return err
	}
	terminal.Tell(p.Stderr, "%s imported; start rlsguard serve now", portedWords(done))
	return nil
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
