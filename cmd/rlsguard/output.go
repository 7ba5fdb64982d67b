package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/fhir"
)

// printer writes flags in one of the forms of --format.
type printer interface {
	flag(checks.Flag) error
	silence(checks.Silence) error
	end(*summary) error
}

// newPrinter gives the printer of a format. With transitions a flag is shown as the change that it is.
func (p *program) newPrinter(format string, transitions bool) printer {
	switch format {
	case "json":
		return &jsonPrinter{w: p.stdout, transitions: transitions}
	case "fhir":
		return &fhirPrinter{w: p.stdout}
	default:
		return &textPrinter{w: p.stdout, options: textOptions{Width: p.screen.width, Colour: p.screen.colour, Transition: transitions}}
	}
}

// jsonPrinter writes a line of JSON each. A line that explains silence has the one key "silence", which no flag has.
type jsonPrinter struct {
	w           io.Writer
	transitions bool
}

func (p *jsonPrinter) flag(f checks.Flag) error {
	line, err := flagJSON(f, p.transitions)
	if err != nil {
		return err
	}
	return writeLine(p.w, line)
}

func (p *jsonPrinter) silence(s checks.Silence) error {
	line, err := lineOf(map[string]checks.Silence{"silence": s})
	if err != nil {
		return err
	}
	return writeLine(p.w, line)
}

func (*jsonPrinter) end(*summary) error { return nil }

// fhirPrinter writes a DetectedIssue each, on a line.
type fhirPrinter struct{ w io.Writer }

func (p *fhirPrinter) flag(f checks.Flag) error {
	line, err := fhir.MarshalFlag(f)
	if err != nil {
		return err
	}
	return writeLine(p.w, line)
}

func (*fhirPrinter) silence(checks.Silence) error { return nil }
func (*fhirPrinter) end(*summary) error           { return nil }

// lineOf is a value as one line of JSON, with what a terminal would act on escaped.
func lineOf(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escapeInvisible(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

func writeLine(w io.Writer, line []byte) error {
	if len(line) == 0 || line[len(line)-1] != '\n' {
		line = append(line, '\n')
	}
	_, err := w.Write(line)
	return err
}

// textPrinter writes for a person, and closes with a sentence about all that was read.
type textPrinter struct {
	w         io.Writer
	options   textOptions
	explained checks.Ref // patient whose silences are being told
}

func (p *textPrinter) flag(f checks.Flag) error {
	return flagText(p.w, f, p.options)
}

func (p *textPrinter) silence(s checks.Silence) error {
	if s.Patient != p.explained {
		p.explained = s.Patient
		if _, err := fmt.Fprintf(p.w, "%s: why there is no other flag\n", harmless(string(s.Patient))); err != nil {
			return err
		}
	}
	for i, line := range wrap(silenceText(s), max(cmp.Or(p.options.Width, usualWidth)-2*labelIndent, leastText), 0) {
		if _, err := fmt.Fprintf(p.w, "%*s%s\n", labelIndent*min(i+1, 2), "", line); err != nil {
			return err
		}
	}
	return nil
}

// silenceText words one silence: the order, the drug, the check, and why.
func silenceText(s checks.Silence) string {
	about := "all orders"
	switch {
	case s.Order != "" && s.Ingredient != "":
		about = fmt.Sprintf("%s (%s)", s.Order, s.Ingredient)
	case s.Order != "":
		about = string(s.Order)
	case s.Ingredient != "":
		about = s.Ingredient
	case s.Check != "":
		about = "the patient"
	}
	which := "every check"
	if s.Check != "" {
		which = s.Check
	}
	text := fmt.Sprintf("%s: %s is silent: %s", about, which, reasonWords(s.Reason))
	if s.Detail != "" {
		text += " (" + s.Detail + ")"
	}
	return text
}

// reasonWords turns a reason such as rls-not-on-record into words.
func reasonWords(r checks.SilenceReason) string {
	words := strings.Split(string(r), "-")
	for i, w := range words {
		if w == "rls" {
			words[i] = "RLS"
		}
	}
	return strings.Join(words, " ")
}

func (p *textPrinter) end(s *summary) error {
	for _, line := range wrap(s.line(), max(cmp.Or(p.options.Width, usualWidth), leastText), 0) {
		if _, err := fmt.Fprintln(p.w, line); err != nil {
			return err
		}
	}
	return nil
}
