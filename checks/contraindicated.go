package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// contraindicatedCheck covers medicines whose label lists RLS as a contraindication: trimetazidine
// (EMA review of 2012).
func contraindicatedCheck() Check {
	return Check{
		ID: "rls-contraindicated", Title: "Medicine whose label rules it out in RLS", Severity: "high",
		Trigger: "class rls_contraindicated: trimetazidine, in every region",
		Citations: []Citation{{
			Source: "EMA 2012, trimetazidine", Strength: "label: RLS is a contraindication", Review: rulePending,
		}},
		Rule: pending(1), Classes: []drugs.Class{drugs.RLSContraindicated},
		run: (*evaluation).contraindicated,
	}
}

// contraindicated flags exposure to a medicine contraindicated in RLS by its own label.
func (ev *evaluation) contraindicated(c Check) {
	for _, group := range ev.byIngredient(func(x *exposure) bool { return slices.Contains(c.Classes, x.Class) }) {
		f := Finding{Ingredient: group[0].Name, Alternatives: []string{words.Say("contraindicated.alternative")}}
		severity := ev.gather(&f, group, ev.base(c, High))
		f.Summary = ev.summary(group, words.Say("contraindicated.summary", "drug", group[0].Name))
		f.Action = words.Say("contraindicated.action")
		ev.flag(c, severity, f, leaflet{About: "contraindicated", Do: []string{"contraindicated.do"}})
	}
}
