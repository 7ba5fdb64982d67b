package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

// printAnswer prints what a server answered.
func (c *checkCommand) printAnswer(p *program, data, bundle []byte) error {
	var r ordercheck.Reply
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("%s: the answer cannot be read: %w", ordercheck.Subject, err)
	}
	if err := c.print(p, r, bundle); err != nil {
		return err
	}
	because, err := flagsOf(&r, r.Because)
	switch {
	case err != nil:
		return err
	case c.failed(because):
		return c.failOnMet()
	case ordercheck.LeftOut(r.Unread):
		return errRejected
	}
	return nil
}

func (c *checkCommand) failOnMet() error {
	return &exitError{code: exitFailOn, text: "the draft raises a flag of severity " + c.FailOn + " or higher (--fail-on)"}
}

// print writes the answer, and what was left out on stderr.
func (c *checkCommand) print(p *program, r ordercheck.Reply, bundle []byte) error {
	for _, u := range r.Unread {
		if u.Partly {
			tellf(p.stderr, "%s at %s: cannot be read, %s; the rest was checked", c.Draft, u.Pointer, u.Detail)
			continue
		}
		tellf(p.stderr, "%s at %s: left out, %s: %s", c.Draft, u.Pointer, u.Reason, u.Detail)
	}
	because, err := flagsOf(&r, r.Because)
	if err != nil {
		return err
	}
	open, err := flagsOf(&r, r.Open)
	if err != nil {
		return err
	}
	switch c.Format {
	case "fhir":
		return writeLine(p.stdout, escapeInvisible(bundle))
	case "reply":
		line, err := lineOf(r)
		if err != nil {
			return err
		}
		return writeLine(p.stdout, line)
	case "json":
		for _, f := range inOrder(append(because, open...)) {
			line, err := flagJSON(f, false)
			if err != nil {
				return err
			}
			if err := writeLine(p.stdout, line); err != nil {
				return err
			}
		}
		return nil
	}
	return printCheck(p, &r, because, open)
}

// flagsOf reads lines back, with their answers.
func flagsOf(r *ordercheck.Reply, lines []ordercheck.Line) ([]checks.Flag, error) {
	var flags []checks.Flag
	for i := range lines {
		f, err := lines[i].Flag()
		if err != nil {
			return nil, fmt.Errorf("%s: the answer cannot be read: %w", ordercheck.Subject, err)
		}
		if a, ok := r.Answers[f.ID]; ok {
			f.Ack = &checks.Acknowledgement{FlagID: f.ID, Basis: f.Basis, Override: a.Override, Reason: a.Reason, Author: a.Author}
			f.Ack.Date, _ = fhir.ParseTime(a.Date) // one that is none is not shown
			f.Ack.Until, _ = fhir.ParseTime(a.Until)
		}
		flags = append(flags, f)
	}
	return flags, nil
}

// printCheck writes the answer for a person.
func printCheck(p *program, r *ordercheck.Reply, because, open []checks.Flag) error {
	if len(because)+len(open) == 0 {
		fmt.Fprintf(p.stdout, "Nothing to flag for %s%s.\n", plural(len(r.Drafts), "draft", "drafts"), knownWords(r))
	}
	out := &textPrinter{w: p.stdout, options: textOptions{Width: p.screen.width, Colour: p.screen.colour}}
	for _, part := range []struct {
		title string
		flags []checks.Flag
	}{{"Because of the draft:", because}, {"Open already:", open}} {
		if len(part.flags) == 0 {
			continue
		}
		fmt.Fprintf(p.stdout, "%s\n\n", part.title)
		for _, f := range worstFirst(part.flags) {
			if err := out.flag(f); err != nil {
				return err
			}
		}
		if err := out.closePatient(); err != nil {
			return err
		}
	}
	if err := out.ended(); err != nil {
		return err
	}
	if r.Iron != nil && len(r.Iron.Order) > 0 {
		fmt.Fprintln(p.stdout, "To order:")
		for _, test := range r.Iron.Order {
			fmt.Fprintf(p.stdout, "  %s (LOINC %s)\n", test.Display, test.Code)
		}
		fmt.Fprintf(p.stdout, "  %s\n", r.Iron.Sampling)
	}
	if r.IronNote != "" {
		for _, line := range wrap(r.IronNote, p.textWidth(), 0) {
			fmt.Fprintln(p.stdout, line)
		}
	}
	for _, ref := range r.Unrecognised {
		fmt.Fprintf(p.stdout, "Not recognised: the drug of %s is in no table, nothing was checked for it.\n", harmless(string(ref)))
	}
	if r.LeftOut != "" {
		fmt.Fprintln(p.stdout, harmless(r.LeftOut))
	}
	return nil
}

// knownWords say when nothing but the request was there to go by.
func knownWords(r *ordercheck.Reply) string {
	if r.Stored {
		return ""
	}
	return ", by what came with it alone: nothing else is known of the patient"
}

// detailOf is what an error says beyond its headers.
func detailOf(data []byte) string {
	var u ordercheck.Unread
	if json.Unmarshal(data, &u) != nil {
		return ""
	}
	words := []string{}
	for _, w := range []string{u.Pointer, u.Detail} {
		if w != "" {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return ": " + strings.Join(words, ": ")
}
