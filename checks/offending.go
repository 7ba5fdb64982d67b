package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// offending flags systemic exposure to a class that can bring on or worsen RLS: one flag per
// ingredient, with the highest severity of its orders (rules.md R1).
func (ev *evaluation) offending(c Check, use conditions.Use) {
	for _, group := range ev.byIngredient(func(x *exposure) bool { return slices.Contains(c.Classes, x.Class) }) {
		first := group[0]
		f := Finding{Ingredient: first.Name}
		little := ev.littleDoxepin(group)
		severity := None
		for _, x := range group {
			own := ev.ownSeverity(x)
			if little {
				own = Low
			}
			severity = max(severity, x.severity(ev.base(c, own)))
			f.Implicated = append(f.Implicated, x.ref)
		}
		if ev.bare {
			ev.flag(c, severity, f, leaflet{})
			continue
		}
		f.Summary = ev.summary(group, ev.effect(first, little))
		f.Action = words.Say(actionKey(first))
		f.Alternatives = ev.alternatives(group, use, little)
		ev.flag(c, severity, f, offendingLeaflet(first, little))
	}
}

// gather attaches the orders of a group to a finding and returns their highest severity.
func (ev *evaluation) gather(f *Finding, group []*exposure, own Severity) Severity {
	severity := None
	for _, x := range group {
		severity = max(severity, x.severity(own))
		f.Implicated = append(f.Implicated, x.ref)
	}
	return severity
}

// ownSeverity is the severity of an ingredient, regardless of its orders.
func (ev *evaluation) ownSeverity(x *exposure) Severity {
	switch {
	case slices.Contains(partialAgonists, x.Name),
		x.Class == drugs.AntipsychoticNondopaminerg,
		x.Class == drugs.AntihistamineNonsedating,
		isDopamineAntagonist(x.Class) && x.Central == drugs.CentralLow,
		x.Name == "doxylamine" && x.with("pyridoxine") && ev.pregnant():
		return Low
	default:
		return Moderate
	}
}

func isDopamineAntagonist(c drugs.Class) bool {
	return c == drugs.DopamineAntagonistAntiemet || c == drugs.DopamineAntagonistOther || c == drugs.DopamineDepleter
}

// littleDoxepin reports whether a group is doxepin for sleep: structured doses that add up to no
// more than the setting. Doxepin on the skin does not count.
func (ev *evaluation) littleDoxepin(group []*exposure) bool {
	if group[0].Name != "doxepin" {
		return false
	}
	var orders []doseOrder
	for _, x := range group {
		if !x.skin {
			orders = append(orders, doseOrderOf(x))
		}
	}
	if len(orders) == 0 {
		return false
	}
	dose := totalDose(orders, ev.zone, ev.asOf)
	ev.later(dose.next, ahead.DoseChanges, orders[0].Ref)
	return dose.complete && dose.mg.Minus(doseSlack).Cmp(ev.set.Orders.DoxepinLow) <= 0
}

func doseOrderOf(x *exposure) doseOrder {
	return doseOrder{
		Ref:        x.ref,
		Order:      x.Order,
		Strength:   x.Strength,
		PerML:      x.PerML,
		Released:   x.Released,
		Hours:      x.Hours,
		Ingredient: x.Name,
	}
}

// partialAgonists at the dopamine receptor are reported both to worsen and to ease RLS.
var partialAgonists = []string{"aripiprazole", "aripiprazole lauroxil", "brexpiprazole", "cariprazine"}

// with reports whether the product of an order contains another substance, known only by name.
func (x *exposure) with(name string) bool { return slices.Contains(x.drug.match.With, name) }

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
