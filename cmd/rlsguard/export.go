package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/sealed"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

type exportCommand struct {
	storedFlags

	Recipient      []string `placeholder:"AGE1…|FILE" help:"Encrypt for a recipient of age, or those in a file; repeatable."`
	RecipientsFile []string `placeholder:"FILE" help:"Encrypt for the recipients in a file, one a line."`
	File           string   `arg:"" help:"Where to, or - for standard output. A file must be new; only its owner can read it."`
}

// Help is shown below the options.
func (exportCommand) Help() string {
	return `Writes everything that rlsguard knows: the facts of all patients, their flags with their numbers, and the
transitions kept for audit, as they are at one moment. rlsguard serve may go on meanwhile. Not in it: the streams FHIR
and RLS_DEAD, which nats stream backup takes, timers, which are set again, and the site key, without which an export is
worth nothing: keep a copy of it apart.

An export holds patient data. With --recipient or --recipients-file it is encrypted while it is written, in the format
of age (age-encryption.org): age-keygen makes an identity, which only whoever restores needs, and its recipient. Without
the identity nobody can read the export again, so keep a copy of that apart too. Erasing a patient does not reach
exports: delete those that are older than the erasure.

The file is gzip around a checksummed stream of records; rlsguard import refuses one that is not whole.

Examples:
  rlsguard export /backup/rlsguard-2026-11-24.gz
  rlsguard export --recipients-file backup.recipients /backup/rlsguard-2026-11-24.gz.age
  rlsguard export --context admin --key-file site.key --recipient age1... - >e.age`
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
	recipients, err := sealed.Recipients(c.Recipient, c.RecipientsFile)
	if err != nil {
		return err
	}
	s, err := c.open(ctx, p, "export", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(s.explain(err), s.close()) }()
	var bar *terminal.Progress
	var done operate.Ported
	write := func(w io.Writer) error {
		return sealed.Write(w, recipients, func(w io.Writer) (err error) {
			done, err = s.Export(
				ctx,
				s.key,
				w,
				func(n int64) { bar = terminal.StartProgress(p.Stderr, "exporting", n, messages) },
				func(n int64) { bar.Add(n) },
			)
			return err
		})
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
	words := portedWords(done) + " exported"
	if len(recipients) > 0 {
		words += ", encrypted for " + terminal.Plural(len(recipients), "recipient", "recipients")
	}
	terminal.Tell(p.Stderr, "%s", words)
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
