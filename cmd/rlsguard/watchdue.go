package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// printers are for the flags that are open, and for changes; with --due a flag tells what is next.
func (c *watchCommand) printers(p *terminal.Program) (open, live show.Printer) {
	return show.NewPrinter(p, c.Format, false, c.Due != ""), show.NewPrinter(p, c.Format, true, c.Due != "")
}

// pick chooses and sorts the flags that are shown: with --due those whose next comes soon enough,
// the first one first, and every flag that is no longer open, which may have been shown before. A
// day begins here as in UTC: a flag does not tell the zone of the site.
func (c *watchCommand) pick(p *terminal.Program) (func([]checks.Flag) []checks.Flag, error) {
	if c.Due == "" {
		return func(flags []checks.Flag) []checks.Flag { return flags }, nil
	}
	if _, err := settings.ParseWithin(c.Due, time.UTC, p.Now()); err != nil {
		return nil, fmt.Errorf("--due: %w", err)
	}
	return func(flags []checks.Flag) []checks.Flag {
		until, _ := settings.ParseWithin(c.Due, time.UTC, p.Now()) // it was read before
		flags = slices.DeleteFunc(slices.Clone(flags), func(f checks.Flag) bool {
			return f.State != checks.Resolved && (f.Next.IsZero() || f.Next.At.Start(time.UTC).After(until))
		})
		slices.SortStableFunc(flags, func(a, b checks.Flag) int {
			return cmp.Compare(a.Next.At.Nanos, b.Next.At.Nanos)
		})
		return flags
	}, nil
}
