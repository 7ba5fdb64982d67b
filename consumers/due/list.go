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

// Add takes the moments of one patient in.
func (l *List) Add(turns []checks.Turn) { l.turns = append(l.turns, turns...) }

// ByDate are all, the earliest first.
func (l *List) ByDate() []checks.Turn {
	slices.SortFunc(l.turns, func(a, b checks.Turn) int {
		return cmp.Or(a.Instant.Compare(b.Instant), cmp.Compare(a.Check, b.Check), compareOwner(&a, &b))
	})
	return l.turns
}

// ByCheck are all, those of a check together, of each the earliest first.
func (l *List) ByCheck() []checks.Turn {
	slices.SortFunc(l.turns, func(a, b checks.Turn) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), a.Instant.Compare(b.Instant), compareOwner(&a, &b))
	})
	return l.turns
}

func compareOwner(a, b *checks.Turn) int {
	return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.Ingredient, b.Ingredient))
}

// Line is a moment as a line of JSON; keys and their order are promised to others. Severity is what
// the flag then has, and was what it had before; absent where it is not open.
type Line struct {
	At         string           `json:"at"` // a date, on which the day begins in the zone of the site, or a time
	To         ahead.Becoming   `json:"to"`
	Check      string           `json:"check"`
	Severity   string           `json:"severity,omitempty"`
	Was        string           `json:"was,omitempty"`
	State      checks.FlagState `json:"state"` // then
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
