package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

// printAnswer prints what a server answered.
func (c *checkCommand) printAnswer(p *terminal.Program, data []byte) error {
	var r ordercheck.Reply
	if err := json.Unmarshal(data, &r); err != nil {
		return unreadableAnswer(err)
	}
	if c.Format == "fhir" && r.Bundle == nil {
		return unreadableAnswer(errors.New("it holds no Bundle: rlsguard serve is an older version"))
	}
	because, err := flagsOf(&r, r.Because)
	if err != nil {
		return err
	}
	open, err := flagsOf(&r, r.Open)
	if err != nil {
		return err
	}
	if err := c.print(p, &r, because, open); err != nil {
		return err
	}
	switch {
	case c.failed(because):
		return c.failOnMet()
	case ordercheck.LeftOut(r.Unread):
		return terminal.ErrRejected
	}
	return nil
}

func unreadableAnswer(err error) error {
	return fmt.Errorf("%s: the answer cannot be read: %w", ordercheck.Subject, err)
}

func (c *checkCommand) failOnMet() error {
	return &terminal.ExitError{
		Code: terminal.ExitFailOn,
		Text: "the draft raises a flag of severity " + c.FailOn + " or higher (--fail-on)",
	}
}

// print writes the answer, and what was left out on stderr.
func (c *checkCommand) print(p *terminal.Program, r *ordercheck.Reply, because, open []checks.Flag) error {
	for _, u := range r.Unread {
		if u.Partly {
			terminal.Tell(p.Stderr, "%s at %s: cannot be read, %s; the rest was checked", c.Draft, u.Pointer, u.Detail)
			continue
		}
		terminal.Tell(p.Stderr, "%s at %s: left out, %s: %s", c.Draft, u.Pointer, u.Reason, u.Detail)
	}
	switch c.Format {
	case "fhir":
		return terminal.WriteLine(p.Stdout, terminal.EscapeInvisible(r.Bundle))
	case "reply":
		line, err := terminal.JSONLine(r)
		if err != nil {
			return err
		}
		return terminal.WriteLine(p.Stdout, line)
	case "json":
		for _, f := range inOrder(append(because, open...)) {
			line, err := show.JSON(f, false)
			if err != nil {
				return err
			}
			if err := terminal.WriteLine(p.Stdout, line); err != nil {
				return err
			}
		}
		return nil
	}
	return show.Answer(p, r, because, open)
}

// flagsOf reads lines back, with their answers.
func flagsOf(r *ordercheck.Reply, lines []ordercheck.Line) ([]checks.Flag, error) {
	var flags []checks.Flag
	for i := range lines {
		f, err := lines[i].Flag()
		if err != nil {
			return nil, unreadableAnswer(err)
		}
		if a, ok := r.Answers[f.ID]; ok {
			f.Ack = &facts.Acknowledgement{
				FlagID:   f.ID,
				Basis:    f.Basis,
				Override: a.Override,
				Reason:   a.Reason,
				Author:   a.Author,
			}
			f.Ack.Date, _ = datetime.Parse(a.Date) // one that is none is not shown
			f.Ack.Until, _ = datetime.Parse(a.Until)
		}
		flags = append(flags, f)
	}
	return flags, nil
}
