package show

import (
	"fmt"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// Answer writes the answer for a person.
func Answer(p *terminal.Program, r *ordercheck.Reply, because, open []checks.Flag) error {
	if len(because)+len(open) == 0 {
		fmt.Fprintf(
			p.Stdout,
			"Nothing to flag for %s%s.\n",
			terminal.Plural(len(r.Drafts), "draft", "drafts"),
			knownWords(r),
		)
	}
	out := &textPrinter{
		w: p.Stdout, program: p, options: textOptions{Width: p.Screen.Width, Colour: p.Screen.Colour},
	}
	for _, part := range []struct {
		title string
		flags []checks.Flag
	}{{"Because of the draft:", because}, {"Open already:", open}} {
		if len(part.flags) == 0 {
			continue
		}
		fmt.Fprintf(p.Stdout, "%s\n\n", part.title)
		for _, f := range WorstFirst(part.flags) {
			if err := out.Flag(f); err != nil {
				return err
			}
		}
		if err := out.closePatient(); err != nil {
			return err
		}
	}
	if err := out.Ended(); err != nil {
		return err
	}
	if r.Iron != nil && len(r.Iron.Order) > 0 {
		fmt.Fprintln(p.Stdout, "To order:")
		for _, test := range r.Iron.Order {
			fmt.Fprintf(p.Stdout, "  %s (LOINC %s)\n", test.Display, test.Code)
		}
		fmt.Fprintf(p.Stdout, "  %s\n", r.Iron.Sampling)
	}
	if r.IronNote != "" {
		for _, line := range terminal.Wrap(r.IronNote, p.TextWidth(), 0) {
			fmt.Fprintln(p.Stdout, line)
		}
	}
	for _, ref := range r.Unrecognised {
		fmt.Fprintf(
			p.Stdout,
			"Not recognised: the drug of %s is in no table, nothing was checked for it.\n",
			terminal.Harmless(string(ref)),
		)
	}
	if r.LeftOut != "" {
		fmt.Fprintln(p.Stdout, terminal.Harmless(r.LeftOut))
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
