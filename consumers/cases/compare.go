package cases

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
)

// Difference is one thing a case gave and should not have, or the reverse.
type Difference struct {
	Kind string `json:"difference"` // missing, unexpected, severity, rejected, transitions, shuffled, failed
	Text string `json:"text"`
	Why  string `json:"why,omitempty"`
}

func (d Difference) String() string {
	s := d.Kind + ": " + d.Text
	if d.Why != "" {
		s += "\n  because: " + d.Why
	}
	return s
}

// Compare says what differs.
func (c *Case) Compare(g *Got) []Difference {
	out := c.compareFlags(g)
	out = append(out, c.compareRejected(g)...)
	if c.Want.Transitions != nil && !slices.Equal(c.Want.Transitions, g.Transitions) {
		out = append(out, Difference{Kind: "transitions", Text: transitionLines(c.Want.Transitions, g.Transitions)})
	}
	return out
}

// compareFlags says which flags differ.
func (c *Case) compareFlags(g *Got) (out []Difference) {
	want, got := bySeverity(c.Want.Flags), bySeverity(g.Flags)
	for _, f := range c.Want.Flags {
		if _, ok := got[f.key()]; !ok {
			out = append(out, Difference{"missing", f.String() + notAskable(f), g.silence(f)})
		}
	}
	for _, f := range g.Flags {
		switch severity, ok := want[f.key()]; {
		case !ok:
			out = append(out, Difference{"unexpected", f.String(), g.Why[f.key()]})
		case severity != f.Severity:
			out = append(
				out,
				Difference{
					"severity",
					fmt.Sprintf("%s is %s, expected %s", f.key(), f.Severity, severity),
					g.Why[f.key()],
				},
			)
		}
	}
	return out
}

func bySeverity(flags []Flag) map[Flag]string {
	m := map[Flag]string{}
	for _, f := range flags {
		m[f.key()] = f.Severity
	}
	return m
}

// notAskable adds why a flag can never be there.
func notAskable(f Flag) string {
	if slices.ContainsFunc(checks.Catalogue(), func(c checks.Check) bool { return c.ID == f.Check }) {
		return ""
	}
	return " (there is no check of this name)"
}

func (c *Case) compareRejected(g *Got) (out []Difference) {
	reasons := map[string]bool{}
	for r := range c.Want.Rejected {
		reasons[r] = true
	}
	for r := range g.Rejected {
		reasons[r] = true
	}
	for _, r := range slices.Sorted(maps.Keys(reasons)) {
		want, got := c.Want.Rejected[r], g.Rejected[r]
		if want == got {
			continue
		}
		var places []string
		for _, rej := range g.Rejections {
			if rej.Reason == r {
				places = append(places, rej.Place+": "+rej.Detail)
			}
		}
		out = append(
			out,
			Difference{"rejected", fmt.Sprintf("%s %d times, expected %d", r, got, want), strings.Join(places, "; ")},
		)
	}
	return out
}

// transitionLines shows both lists from the first line that differs.
func transitionLines(want, got []Transition) string {
	n := 0
	for n < len(want) && n < len(got) && want[n] == got[n] {
		n++
	}
	show := func(list []Transition) string {
		if n >= len(list) {
			return "the end"
		}
		return list[n].String()
	}
	return fmt.Sprintf(
		"number %d is %s, expected %s (%d in all, expected %d)",
		n+1,
		show(got),
		show(want),
		len(got),
		len(want),
	)
}
