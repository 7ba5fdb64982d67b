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

	Recipient      []string `placeholder:"AGE1…|FILE" help:"Encrypt for an age recipient, or for those in a file. Repeatable."`
	RecipientsFile []string `placeholder:"FILE" help:"Encrypt for the recipients in a file, one per line. Repeatable."`
	File           string   `arg:"" help:"File to write, or - for standard output. It must not exist yet; only its owner can read it."`
}

// Help is shown below the options.
func (exportCommand) Help() string {
	return `Examples:
  rlsguard export /backup/rlsguard-2026-11-24.gz
  rlsguard export --recipients-file backup.recipients \
    /backup/rlsguard-2026-11-24.gz.age
  rlsguard export --context admin --key-file site.key \
    --recipient backup.recipients - >e.age

Writes everything rlsguard knows, as of one moment: facts, flags and the audit. rlsguard serve may be running. The file is compressed and checksummed; rlsguard import refuses a damaged one.

Not included:

  site key        an export is worthless without it: keep a copy elsewhere
  FHIR, RLS_DEAD  use nats stream backup
  timers          set again on start

An export is patient data. With --recipient or --recipients-file it is encrypted with age (age-encryption.org): age-keygen creates an identity and its recipient. Only the identity can open the export, so keep a copy of it elsewhere too. Erasing a patient does not reach exports: delete the older ones.`
}

// Run exports.
func (c *exportCommand) Run(p *terminal.Program) (err error) {
	ctx, stop := terminal.Interruptible()
	defer stop()
	if c.File != "-" {
		if _, err := os.Lstat(c.File); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, fmt.Errorf("%s already exists: name another file", c.File))
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
