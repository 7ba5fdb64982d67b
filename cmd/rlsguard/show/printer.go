package show

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/files"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// Printer writes flags in one of the forms of --format.
type Printer interface {
	Flag(checks.Flag) error
	Silence(checks.Silence) error
	// Begin is called before flags of so many patients.
	Begin(patients int)
	// Ended is called behind the last of several flags that are shown together, end behind all that
	// was read.
	Ended() error
	End(*files.Summary) error
}

// NewPrinter gives the printer of a format. With transitions a flag is shown as the change that it
// is. With next the text of a flag tells what time alone does to it next, as the other forms always
// do.
func NewPrinter(p *terminal.Program, format string, transitions, next bool) Printer {
	switch format {
	case "json":
		return &jsonPrinter{w: p.Stdout, transitions: transitions}
	case "fhir":
		return &fhirPrinter{w: p.Stdout}
	default:
		return &textPrinter{
			w:       p.Stdout,
			program: p,
			options: textOptions{Width: p.Screen.Width, Colour: p.Screen.Colour, Transition: transitions, Next: next},
		}
	}
}

// jsonPrinter writes a line of JSON each. A line that explains silence has the one key "silence",
// which no flag has.
type jsonPrinter struct {
	w           io.Writer
	transitions bool
}

func (p *jsonPrinter) Flag(f checks.Flag) error {
	line, err := JSON(f, p.transitions)
	if err != nil {
		return err
	}
	return terminal.WriteLine(p.w, line)
}

func (p *jsonPrinter) Silence(s checks.Silence) error {
	line, err := terminal.JSONLine(map[string]checks.Silence{"silence": s})
	if err != nil {
		return err
	}
	return terminal.WriteLine(p.w, line)
}

func (*jsonPrinter) Begin(int) {}

func (*jsonPrinter) Ended() error { return nil }

func (*jsonPrinter) End(*files.Summary) error { return nil }

// fhirPrinter writes a DetectedIssue each, on a line.
type fhirPrinter struct{ w io.Writer }

func (p *fhirPrinter) Flag(f checks.Flag) error {
	line, err := issue.Marshal(f)
	if err != nil {
		return err
	}
	return terminal.WriteLine(p.w, line)
}

func (*fhirPrinter) Silence(checks.Silence) error { return nil }

func (*fhirPrinter) Begin(int) {}

func (*fhirPrinter) Ended() error { return nil }

func (*fhirPrinter) End(*files.Summary) error { return nil }

// textPrinter writes for a person: flags below the heading of their patient, then what may be said
// to each of them once, and how far the review of the rules has come; it closes with a sentence
// about all that was read.
type textPrinter struct {
	w       io.Writer
	program *terminal.Program // whose screen may get wider or narrower
	options textOptions

	patients   int             // that are written together
	patient    facts.Ref       // whose flags are being written
	counsel    []string        // that the patient's flags have
	checks     map[string]bool // that were written, and whether for professionals
	asOf       time.Time       // of the newest of them
	unreviewed map[string]bool // checks behind flags whose rule nobody has approved
	reviewed   bool            // how far the review has come has been said

	pending []checks.Silence // of one order with one reason, not yet written
	told    checks.Silence   // the last one that was written
}

func (p *textPrinter) Flag(f checks.Flag) error {
	if f.Patient != p.patient {
		if err := p.closePatient(); err != nil {
			return err
		}
		if err := p.heading(&f); err != nil {
			return err
		}
	}
	p.patient = f.Patient
	for _, c := range f.Counsel {
		if !slices.Contains(p.counsel, c) && !p.options.Transition {
			p.counsel = append(p.counsel, c)
		}
	}
	if p.checks == nil {
		p.checks, p.unreviewed = map[string]bool{}, map[string]bool{}
	}
	if f.AsOf.After(p.asOf) {
		p.asOf = f.AsOf
	}
	p.checks[f.Check] = p.checks[f.Check] || f.Audience != checks.ForPatients
	if f.Audience != checks.ForPatients && !checks.Reviewed(f.Citations) {
		p.unreviewed[f.Check] = true
	}
	return flagText(p.w, f, p.options)
}

func (p *textPrinter) Begin(patients int) {
	p.patients = patients
	p.options.Width = p.program.Screen.Width
}

// heading names the patient. A leaflet is for one person, who needs no reference; where there are
// several, the line to cut along has it.
func (p *textPrinter) heading(f *checks.Flag) error {
	text := terminal.Harmless(string(f.Patient))
	if f.Audience == checks.ForPatients {
		if p.patients < 2 {
			return nil
		}
		text = "- - - " + text + " - - -\n"
	}
	_, err := fmt.Fprintln(p.w, text)
	return err
}

// closePatient writes what may be said to a patient whatever the flags are about.
func (p *textPrinter) closePatient() error {
	if p.patient == "" {
		return nil
	}
	t := flagWriter{opt: p.options}
	t.opt.Width = cmp.Or(t.opt.Width, terminal.UsualWidth)
	if len(p.counsel) > 0 {
		label := "All"
		if len(p.checks) == 0 || !p.professional() {
			label = ""
		}
		t.row(label, strings.Join(p.counsel, " "))
	}
	t.b.WriteByte('\n')
	p.patient, p.counsel = "", nil
	_, err := io.WriteString(p.w, t.b.String())
	return err
}

// professional tells whether anything but leaflets was written.
func (p *textPrinter) professional() bool {
	for _, yes := range p.checks {
		if yes {
			return true
		}
	}
	return false
}

// Ended says once as of when the flags are, and how far the review of the rules behind them has
// come.
func (p *textPrinter) Ended() error {
	if err := p.closePatient(); err != nil || !p.professional() {
		return err
	}
	var text string
	if !p.asOf.IsZero() && !p.options.Transition {
		text = "As of " + p.asOf.UTC().Format("2006-01-02 15:04:05") + " UTC. "
	}
	if n := len(p.unreviewed); n > 0 && !p.reviewed {
		p.reviewed = p.options.Transition // of changes that go on, once is enough
		text += fmt.Sprintf(
			"No clinician has approved %s yet: see rlsguard checks.",
			terminal.Plural(n, "rule behind these flags", "rules behind these flags"),
		)
	}
	p.checks, p.unreviewed, p.asOf = nil, nil, time.Time{}
	if text == "" {
		return nil
	}
	lines := terminal.Wrap(text, cmp.Or(p.options.Width, terminal.UsualWidth), 0)
	if p.options.Transition { // something follows
		lines = append(lines, "")
	}
	_, err := fmt.Fprintln(p.w, strings.Join(lines, "\n"))
	return err
}

// Silence writes what came before, unless s only names another check: a reason that several checks
// have is told once.
func (p *textPrinter) Silence(s checks.Silence) error {
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
		if _, err := fmt.Fprintf(p.w, "%s: why there is no other flag\n",
			terminal.Harmless(string(s.Patient))); err != nil {
			return err
		}
	}
	var names []string
	for _, other := range p.pending {
		names = append(names, other.Check)
	}
	text := silenceText(&s, names)
	if s.Detail != "" && s.Reason != silence.LeftOut &&
		(s.Patient != p.told.Patient || s.Order != p.told.Order || s.Detail != p.told.Detail) {
		text += " (" + s.Detail + ")"
	}
	p.told, p.pending = s, p.pending[:0]
	for i, line := range terminal.Wrap(text, max(cmp.Or(p.options.Width, terminal.UsualWidth)-2*terminal.LabelIndent,
		terminal.LeastText), 0) {
		if _, err := fmt.Fprintf(p.w, "%*s%s\n", terminal.LabelIndent*min(i+1, 2), "", line); err != nil {
			return err
		}
	}
	return nil
}

// silenceText words the silence of checks: the order, the drug, the checks, and why.
func silenceText(s *checks.Silence, names []string) string {
	if s.Reason == silence.LeftOut {
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

func (p *textPrinter) End(s *files.Summary) error {
	if err := p.silences(); err != nil {
		return err
	}
	if err := p.Ended(); err != nil {
		return err
	}
	for _, line := range terminal.Wrap(s.Line(), max(cmp.Or(p.options.Width, terminal.UsualWidth), terminal.LeastText),
		0) {
		if _, err := fmt.Fprintln(p.w, line); err != nil {
			return err
		}
	}
	return nil
}
