package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms"
)

func augmentationCheck() Check {
	return Check{
		ID: "dopamine-agonist-augmentation", Title: "Dopamine agonist or levodopa for RLS", Severity: "moderate",
		Trigger:   "classes dopamine_agonist, dopamine_precursor, and no Parkinson disease on record",
		Citations: []Citation{aasm("conditional against standard use of levodopa, pramipexole, ropinirole, rotigotine; strong against cabergoline")},
		Rule:      pending(1),
		Classes:   []terms.Class{terms.DopamineAgonist, terms.DopaminePrecursor},
		run:       (*evaluation).augmentation,
	}
}

// augmentation flags dopamine agonists and levodopa, which in the long run make RLS itself worse (rules.md R10). Carbidopa
// and benserazide only mark levodopa and never fire.
func (ev *evaluation) augmentation(c Check) {
	parkinson, known := ev.parkinson()
	for _, group := range ev.byIngredient(func(x *exposure) bool {
		return slices.Contains(c.Classes, x.Class) && x.Central != terms.CentralNo
	}) {
		if known {
			ev.quiet(group[0].orderView, c.ID, group[0].Name, SilentParkinson, string(parkinson))
			continue
		}
		f := Finding{Ingredient: group[0].Name, Alternatives: []string{"gabapentin, gabapentin enacarbil or pregabalin, after a look at iron"}}
		severity := None
		for _, x := range group {
			severity = max(severity, x.severity(ev.base(c, Moderate)))
			f.Implicated = append(f.Implicated, x.ref)
		}
		f.Summary = ev.sentence(group, "dopaminergic treatment can make RLS start earlier in the day, stronger and in more of the body (augmentation).")
		f.Action = "Ask about earlier onset, spread and intensity, and check iron: low ferritin raises the risk. Change it only slowly and with the prescriber; " +
			"an abrupt end brings rebound and withdrawal. If Parkinson disease is the reason, code it. " + counselling + reviewNote(c)
		ev.flag(c, severity, f)
	}
}

// parkinson looks for Parkinson disease on record: a Condition, or the coded reason of an order that counts.
func (ev *evaluation) parkinson() (Ref, bool) {
	const group = "context_dopaminergic"
	if f, ok := ev.hasContext(group); ok {
		return f.Ref, true
	}
	for i := range ev.orders {
		o := &ev.orders[i]
		if o.counts && slices.ContainsFunc(o.Reasons, func(c Concept) bool { return ev.inGroup(&c, group) }) {
			return o.ref, true
		}
	}
	return "", false
}
