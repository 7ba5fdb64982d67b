package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// offending flags systemic exposure to a class that can bring on or worsen RLS: one flag for each ingredient, with the
// highest severity that any of its orders gives (rules.md R1).
func (ev *evaluation) offending(c Check, use indication) {
	for _, group := range ev.byIngredient(func(x *exposure) bool { return slices.Contains(c.Classes, x.Class) }) {
		var f Finding
		severity := None
		for _, x := range group {
			severity = max(severity, x.severity(ev.base(c, ev.ownSeverity(x))))
			f.Implicated = append(f.Implicated, x.ref)
		}
		first := group[0]
		f.Ingredient = first.Name
		f.Summary = ev.offendingSummary(group)
		f.Action = offendingAction(first) + reviewNote(c)
		f.Alternatives = alternatives(first, use)
		ev.flag(c, severity, f)
	}
}

// ownSeverity is the severity of an ingredient before anything about its order.
func (ev *evaluation) ownSeverity(x *exposure) Severity {
	switch {
	case slices.Contains(partialAgonists, x.Name),
		x.Class == terms.AntipsychoticNondopaminerg,
		x.Class == terms.AntihistamineNonsedating,
		x.Class == terms.DopamineAntagonistAntiemet && x.Central == terms.CentralLow,
		x.Name == "doxylamine" && x.with("pyridoxine") && ev.pregnant():
		return Low
	default:
		return Moderate
	}
}

// partialAgonists at the dopamine receptor, for which aggravation and improvement are both reported.
var partialAgonists = []string{"aripiprazole", "brexpiprazole", "cariprazine"}

// with tells whether the product of an order holds another substance, known by its name only.
func (x *exposure) with(name string) bool { return slices.Contains(x.drug.match.With, name) }

// byIngredient groups exposures by ingredient, in the order of their names.
func (ev *evaluation) byIngredient(want func(*exposure) bool) [][]*exposure {
	groups := map[string][]*exposure{}
	var names []string
	for i := range ev.exposures {
		x := &ev.exposures[i]
		if !want(x) {
			continue
		}
		if groups[x.Name] == nil {
			names = append(names, x.Name)
		}
		groups[x.Name] = append(groups[x.Name], x)
	}
	slices.Sort(names)
	out := make([][]*exposure, len(names))
	for i, n := range names {
		out[i] = groups[n]
	}
	return out
}
