package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// trailFlags are placeFlags for commands that read what is kept for audit.
type trailFlags struct {
	placeFlags

	KeyFile string `placeholder:"FILE" help:"Site key: leave out, and report, messages that rlsguard did not write."`
}

// open is that of placeFlags, and reads the site key where one is named.
func (f *trailFlags) open(ctx context.Context, p *terminal.Program, role string) (*stored, error) {
	s, err := f.placeFlags.open(ctx, p, role, false)
	if err != nil || f.KeyFile == "" {
		return s, err
	}
	if s.key, err = connect.ReadKey(f.KeyFile); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

type auditCommand struct {
	trailFlags

	Format string `enum:"text,json" default:"text" placeholder:"text|json" help:"json: one change per line."`
	About  string `arg:"" optional:"" name:"flag|patient" help:"A flag, by its id or the start of it, or a patient such as Patient/7. Default: every answer to any flag."`
}

// Help is shown below the options.
func (auditCommand) Help() string {
	return `Examples:
  rlsguard audit
  rlsguard audit Patient/7
  rlsguard audit 2f1c9b1e --format json

Lists who answered which flag, when, why and until when, oldest first. For a flag or a patient, lists every other change too. It reads the transitions kept for audit (--audit-days of rlsguard serve); with deploy/accounts.conf it takes the user admin. Comments are shown as sent.

Exit codes: 0 done; 1 something could not be read.`
}

// Run shows the trail.
func (c *auditCommand) Run(p *terminal.Program) (err error) {
	ctx, stop := terminal.Interruptible()
	defer stop()
	if c.About != "" && !strings.Contains(c.About, "/") && !layout.FlagIDPart.MatchString(c.About) {
		return errors.New("neither a flag, by at least four characters of its id, nor a patient, such as Patient/7")
	}
	s, err := c.open(ctx, p, "audit")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(s.explain(err), s.close()) }()
	return c.show(ctx, p, s)
}

func (c *auditCommand) show(ctx context.Context, p *terminal.Program, s *stored) error {
	flag := ""
	if layout.FlagID.MatchString(c.About) {
		flag = c.About
	}
	shown, unread := 0, 0
	part := c.About != "" && !strings.Contains(c.About, "/")
	var seen []checks.Flag // the first transition of each, where part of an id is given
	var trail []checks.Flag
	err := s.Audit(ctx, s.key, flag, func(f checks.Flag) error {
		if !c.about(&f) {
			return nil
		}
		if part && !slices.ContainsFunc(seen, func(have checks.Flag) bool { return have.ID == f.ID }) {
			seen = append(seen, f)
		}
		trail = append(trail, f)
		return nil
	}, func(subject string, err error) {
		unread++
		terminal.Tell(p.Stderr, "%s cannot be read: %s", subject, err)
	})
	if err != nil {
		return err
	}
	if len(seen) > 1 {
		return watch.Ambiguous(c.About, seen)
	}
	for i := range trail {
		if err := printAudit(p, &trail[i], c.Format); err != nil {
			return fmt.Errorf("output: %w", err)
		}
		shown++
	}
	if shown == 0 && c.Format == "text" {
		fmt.Fprintln(p.Stdout, "Nothing is kept about that.")
	}
	if unread > 0 {
		return terminal.ErrReported
	}
	return nil
}

// about tells whether a transition is asked for.
func (c *auditCommand) about(f *checks.Flag) bool {
	switch {
	case c.About == "":
		return f.Change == checks.ChangeAcknowledged || f.Change == checks.ChangeOverridden
	case strings.Contains(c.About, "/"):
		return string(f.Patient) == c.About
	}
	return strings.HasPrefix(f.ID, c.About)
}

// printAudit writes one transition: when, what, to which flag of whom, and of an answer by whom,
// when and why.
func printAudit(p *terminal.Program, f *checks.Flag, format string) error {
	if format == "json" {
		line, err := show.JSON(*f, true)
		if err != nil {
			return err
		}
		return terminal.WriteLine(p.Stdout, line)
	}
	parts := []string{
		f.AsOf.UTC().Format(time.RFC3339),
		string(f.Change),
		strings.TrimSpace(f.Check + " " + f.Ingredient),
		string(f.Patient),
	}
	if f.Reason != "" {
		parts = append(parts, "reason "+string(f.Reason))
	}
	if a := f.Ack; a != nil && (f.Change == checks.ChangeAcknowledged || f.Change == checks.ChangeOverridden) {
		parts = append(parts, "by "+a.Author, "on "+a.Date.Date(time.UTC))
		if a.Reason != "" {
			parts = append(parts, "reason "+a.Reason)
		}
		if !a.Until.IsZero() {
			parts = append(parts, "until "+a.Until.Date(time.UTC))
		}
	}
	parts = append(parts, fmt.Sprintf("flag %s no. %d", show.ShortID(f.ID), f.Number))
	_, err := fmt.Fprintln(p.Stdout, terminal.Harmless(strings.Join(parts, "  ")))
	return err
}
