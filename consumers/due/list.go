package due

import (
	"cmp"
	"slices"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

// List is of many patients.
type List struct{ turns []checks.Turn }

// Add adds the moments of one patient.
func (l *List) Add(turns []checks.Turn) { l.turns = append(l.turns, turns...) }

// ByDate lists all moments, earliest first.
func (l *List) ByDate() []checks.Turn {
	slices.SortFunc(l.turns, func(a, b checks.Turn) int {
		return cmp.Or(a.Instant.Compare(b.Instant), cmp.Compare(a.Check, b.Check), compareOwner(&a, &b))
	})
	return l.turns
}

// ByCheck lists all moments by check, earliest first within each.
func (l *List) ByCheck() []checks.Turn {
	slices.SortFunc(l.turns, func(a, b checks.Turn) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), a.Instant.Compare(b.Instant), compareOwner(&a, &b))
	})
	return l.turns
}

func compareOwner(a, b *checks.Turn) int {
	return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.Ingredient, b.Ingredient))
}

// Line is a moment as a line of JSON; keys and their order are part of the interface. Severity is
// what the flag then has, and was what it had before; absent if not open.
type Line struct {
	At         string           `json:"at"` // a date, on which the day begins in the site's zone, or a time
	To         ahead.Becoming   `json:"to"`
	Check      string           `json:"check"`
	Severity   string           `json:"severity,omitempty"`
	Was        string           `json:"was,omitempty"`
	State      checks.FlagState `json:"state"` // from then on
	Patient    facts.Ref        `json:"patient"`
	Ingredient string           `json:"ingredient,omitempty"`
	ID         string           `json:"id"` // of the flag
	Because    []ahead.Cause    `json:"because"`
}

// LineOf writes t.
func LineOf(t *checks.Turn) Line {
	return Line{
		At: datetime.Text(t.At), To: t.To, Check: t.Check, Severity: t.Is.String(), Was: t.Was.String(), State: t.State,
		Patient: t.Patient, Ingredient: t.Ingredient, ID: t.FlagID, Because: t.Because,
	}
}
