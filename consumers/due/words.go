package due

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
)

// Words say what becomes of a flag: "gets worse, moderate (was low)".
func Words(t *checks.Turn) string {
	to := t.To.Words()
	if t.To == ahead.Open && t.Was != checks.None {
		to = ahead.Again()
	}
	switch {
	case t.Is == checks.None:
		return to + " (was " + t.Was.String() + ")"
	case t.Was == checks.None || t.Was == t.Is:
		return to + ", " + t.Is.String()
	}
	return to + ", " + t.Is.String() + " (was " + t.Was.String() + ")"
}

// Why says what happens at the moment, without repetition, optionally with the references
// concerned.
func Why(t *checks.Turn, references bool) string {
	var parts []string
	for i, c := range t.Because {
		if i > 0 && t.Because[i-1].Kind == c.Kind {
			if references && c.Ref != "" {
				parts[len(parts)-1] = strings.TrimSuffix(parts[len(parts)-1], ")") + ", " + string(c.Ref) + ")"
			}
			continue
		}
		part := c.Kind.Words()
		if references && c.Ref != "" {
			part += " (" + string(c.Ref) + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}
