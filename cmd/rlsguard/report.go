package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/operate"
	"github.com/rlsguard/rlsguard/consumers/outcomes"
)

type reportCommand struct {
	settings.Flag
	trailFlags

	From   string `placeholder:"DATE" help:"First day, such as 2026-10-01. Default: the oldest day kept."`
	To     string `placeholder:"DATE" help:"Last day. Default: now."`
	Format string `enum:"text,json,csv,html" default:"text" placeholder:"text|json|csv|html" help:"csv: one figure per line. html: a page to print."`
}

// Help is shown below the options.
func (reportCommand) Help() string {
	return `Examples:
  rlsguard report --from 2026-10-01 --to 2026-12-31
  rlsguard report --from 2026-10-01 --format html >outcomes.html
  rlsguard report --data DIR --format csv >outcomes.csv

Counts, by check and severity, the flags that opened, were resolved as advised or otherwise, were overridden (and why) or acknowledged, came back, and are still open. Says how long each took, and what share was acted on. Answers to CDS Hooks cards count too.

"As advised" means the flag itself named the change that resolved it. Where the record does not show that, it counts as "perhaps".

The report names no patient, order or flag. It reads the transitions kept for audit (--audit-days of rlsguard serve) and changes nothing; rlsguard serve may be running. With deploy/accounts.conf it takes the user admin. Days are in the time zone of --config.

Exit codes: 0 done; 1 something could not be read or written.`
}

// Run reports.
func (c *reportCommand) Run(p *terminal.Program) (err error) {
	period, err := c.period()
	if err != nil {
		return err
	}
	ctx, stop := terminal.Interruptible()
	defer stop()
	s, err := c.open(ctx, p, "report")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(s.explain(err), s.close()) }()
	counter := outcomes.New(period)
	unread, err := count(ctx, p, s, counter)
	if err != nil {
		return err
	}
	r := counter.Report()
	if unread > 0 {
		note := fmt.Sprintf("%s could not be read and are in no figure.", messages(int64(unread)))
		r.Notes = append([]string{note}, r.Notes...)
	}
	if err := c.write(p, r); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if unread > 0 {
		return terminal.ErrReported
	}
	return nil
}

func (c *reportCommand) period() (outcomes.Period, error) {
	set, err := c.ReadSite()
	if err != nil {
		return outcomes.Period{}, err
	}
	period := outcomes.Period{Zone: set.Zone}
	if period.From, err = settings.ParseDay(c.From, period.Zone, 0); err != nil {
		return period, fmt.Errorf("--from: %w", err)
	}
	if period.Before, err = settings.ParseDay(c.To, period.Zone, 1); err != nil {
		return period, fmt.Errorf("--to: %w", err)
	}
	if !period.Before.IsZero() && !period.Before.After(period.From) {
		return period, fmt.Errorf("--to: %s is before %s of --from", c.To, c.From)
	}
	return period, nil
}

// count reads all that is kept, and tells how much of it cannot be read.
func count(ctx context.Context, p *terminal.Program, s *stored, c *outcomes.Counter) (unread int, err error) {
	var bar *terminal.Progress
	defer func() { bar.End() }()
	err = s.Outcomes(ctx, s.key, operate.Told{
		Total: func(n int64) { bar = terminal.StartProgress(p.Stderr, "counting", n, messages) },
		Read:  func(n int64) { bar.Add(n) },
		Flag:  c.Add, Known: c.Knows,
		Answer: func(data []byte) {
			a, err := outcomes.ReadAnswer(data)
			if err != nil {
				unread++
				terminal.Tell(p.Stderr, "feedback cannot be read: %s", err)
				return
			}
			c.AddAnswer(a)
		},
		Unread: func(subject string, err error) {
			unread++
			terminal.Tell(p.Stderr, "%s cannot be read: %s", subject, err)
		},
	})
	return unread, err
}

func (c *reportCommand) write(p *terminal.Program, r *outcomes.Report) error {
	switch c.Format {
	case "json":
		return r.WriteJSON(p.Stdout)
	case "csv":
		return r.WriteCSV(p.Stdout)
	case "html":
		return r.WriteHTML(p.Stdout)
	}
	return r.WriteText(p.Stdout, func(text string, hang int) []string {
		return terminal.Wrap(text, p.TextWidth(), hang)
	})
}
