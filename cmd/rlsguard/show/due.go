package show

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/due"
)

// DueText writes moments for a person: below a heading for each date or, by check, for each check.
func DueText(p *terminal.Program, turns []checks.Turn, byCheck bool, zone *time.Location) error {
	under := ""
	for i := range turns {
		t := &turns[i]
		date, clock := t.At.Date(zone), ""
		if t.At.Precision == moment.ToInstant {
			clock = t.Instant.In(zone).Format("15:04 ")
		}
		name := t.Check
		if t.Ingredient != "" {
			name += " " + t.Ingredient
		}
		heading, line := date, clock+string(t.Patient)+": "+name
		if byCheck {
			heading, line = t.Check, date+" "+clock+string(t.Patient)+":"
			if t.Ingredient != "" {
				line += " " + t.Ingredient
			}
		}
		if heading != under {
			fmt.Fprintln(p.Stdout, terminal.Harmless(heading))
			under = heading
		}
		line += " " + due.Words(t) + ": " + due.Why(t, true)
		width := cmp.Or(p.Screen.Width, terminal.UsualWidth) - terminal.LabelIndent
		for n, part := range terminal.Wrap(line, width, terminal.LabelIndent) {
			indent := terminal.LabelIndent * (1 + min(n, 1))
			if _, err := fmt.Fprintln(p.Stdout, strings.Repeat(" ", indent)+part); err != nil {
				return err
			}
		}
	}
	return nil
}

// DueEnd closes a list for a person: how much it holds, and how far the review of the rules behind
// it has come.
func DueEnd(p *terminal.Program, turns []checks.Turn, asOf, until time.Time, zone *time.Location) error {
	patients, unreviewed := map[facts.Ref]bool{}, map[string]bool{}
	for i := range turns {
		patients[turns[i].Patient] = true
		if !turns[i].Reviewed {
			unreviewed[turns[i].Check] = true
		}
	}
	text := "Nothing changes by itself"
	if len(turns) > 0 {
		text = fmt.Sprintf("%s of %s by time alone", terminal.Plural(len(turns), "change", "changes"),
			terminal.Plural(len(patients), "patient", "patients"))
	}
	text += fmt.Sprintf(" up to %s, as of %s UTC and of what is known then.",
		until.In(zone).Format(time.DateOnly), asOf.UTC().Format(time.DateTime))
	if n := len(unreviewed); n > 0 {
		text += fmt.Sprintf(" No clinician has approved %s yet: see rlsguard checks.",
			terminal.Plural(n, "rule behind this", "rules behind these"))
	}
	for _, line := range terminal.Wrap(text, max(cmp.Or(p.Screen.Width, terminal.UsualWidth), terminal.LeastText), 0) {
		if _, err := fmt.Fprintln(p.Stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// DueJSON writes moments as a line of JSON each.
func DueJSON(p *terminal.Program, turns []checks.Turn) error {
	for i := range turns {
		line, err := terminal.JSONLine(due.LineOf(&turns[i]))
		if err != nil {
			return err
		}
		if err := terminal.WriteLine(p.Stdout, line); err != nil {
			return err
		}
	}
	return nil
}
