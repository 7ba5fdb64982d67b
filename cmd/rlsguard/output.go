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
	w       io.Writer
	options textOptions

	pending []checks.Silence // of one order with one reason, not yet written
	told    checks.Silence   // the last one that was written
}

func (p *textPrinter) flag(f checks.Flag) error {
	return flagText(p.w, f, p.options)
}

// silence writes what came before, unless s only names another check: a reason that several checks have is told once.
func (p *textPrinter) silence(s checks.Silence) error {
	if len(p.pending) > 0 {
		same := p.pending[0]
		same.Check = s.Check
		if same != s || s.Check == "" {
			if err := p.silences(); err != nil {
				return err
			}
		}
	}
	p.pending = append(p.pending, s)
	return nil
}

// silences writes those that wait.
func (p *textPrinter) silences() error {
	if len(p.pending) == 0 {
		return nil
	}
	s := p.pending[0]
	if s.Patient != p.told.Patient {
		if _, err := fmt.Fprintf(p.w, "%s: why there is no other flag\n", harmless(string(s.Patient))); err != nil {
			return err
		}
	}
	var names []string
	for _, other := range p.pending {
		names = append(names, other.Check)
	}
	text := silenceText(&s, names)
	if s.Detail != "" && s.Reason != checks.SilentLeftOut && (s.Patient != p.told.Patient || s.Order != p.told.Order || s.Detail != p.told.Detail) {
		text += " (" + s.Detail + ")"
	}
	p.told, p.pending = s, p.pending[:0]
	for i, line := range wrap(text, max(cmp.Or(p.options.Width, usualWidth)-2*labelIndent, leastText), 0) {
		if _, err := fmt.Fprintf(p.w, "%*s%s\n", labelIndent*min(i+1, 2), "", line); err != nil {
			return err
		}
	}
	return nil
}

// silenceText words the silence of checks: the order, the drug, the checks, and why.
func silenceText(s *checks.Silence, names []string) string {
	if s.Reason == checks.SilentLeftOut {
		return s.Detail
	}
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
	which := "every check is"
	switch {
	case len(names) > 1:
		which = strings.Join(names, ", ") + " are"
	case s.Check != "":
		which = s.Check + " is"
	}
	return fmt.Sprintf("%s: %s silent: %s", about, which, s.Reason.Words())
}

func (p *textPrinter) end(s *summary) error {
	if err := p.silences(); err != nil {
		return err
	}
	for _, line := range wrap(s.line(), max(cmp.Or(p.options.Width, usualWidth), leastText), 0) {
		if _, err := fmt.Fprintln(p.w, line); err != nil {
			return err
		}
	}
	return nil
}
