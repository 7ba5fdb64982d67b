package checks

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

func renalCheck() Check {
	return Check{
		ID: checkRenalDose, Title: "Gabapentinoid dose above its maximum",
		Severity: "moderate; low when the dose is unknown and clearance is below 30 mL/min",
		Trigger: "alpha2delta above the maximum of its label for the kidney function, by region and coded reason; " +
			"independent of the RLS evidence",
		Citations: []Citation{
			{
				Source:   "Labels (gabapentinoids; US, and Japan for mirogabalin and enacarbil)",
				Strength: "label",
				Review:   rulePending,
			},
		},
		Rule: pending(2), Classes: []drugs.Class{drugs.Alpha2Delta}, WithoutRLS: true,
		Thresholds: renalThresholds,
		run:        (*evaluation).renalDose,
	}
}

// renalDose flags each alpha-2-delta ligand whose orders together exceed what the kidneys allow
// (rules.md R7).
func (ev *evaluation) renalDose(c Check) {
	for _, group := range ev.byIngredient(func(x *exposure) bool { return x.Class == drugs.Alpha2Delta }) {
		first := group[0]
		d := renalFinding(ev.renalInput(group))
		for _, c := range d.Causes {
			ev.later(d.Next, c.Kind, c.Ref)
		}
		if d.Severity == None {
			why := silence.DoseUnknown
			if d.Within {
				why = silence.DoseWithin
			}
			ev.quiet(first.orderView, c.ID, first.Name, why, d.Known)
			continue
		}
		f := Finding{Ingredient: first.Name, Evidence: d.Evidence, Basis: strings.Join(d.Basis, "|"), Action: d.Action}
		severity := ev.gather(&f, group, ev.base(c, d.Severity))
		f.Summary = joinSentences(d.Summary, notes(group))
		ev.flag(c, severity, f, leaflet{About: "renal." + d.leaflet, Do: []string{"renal.do"}})
	}
}

func (ev *evaluation) renalInput(group []*exposure) renalInput {
	in := renalInput{
		Labs: ev.labs(), Settings: &ev.set.Renal,
		Birth: ev.person.Birth, Sex: ev.person.Sex, Dialysis: ev.onDialysis(), Ingredient: group[0].Name,
		CKD: len(
			ev.contexts("context_esrd"),
		)+len(
			ev.contexts("context_dialysis"),
		)+len(
			ev.contexts("context_esrd_check"),
		) > 0,
		Region: ev.terms.Region(), Reasons: ev.reasonsBesideRLS(group),
	}
	for _, x := range group {
		in.Orders = append(in.Orders, doseOrderOf(x))
	}
	return in
}

// reasonsBesideRLS are the groups with a label row of their own among the coded reasons of the
// orders; none if any order is for RLS.
func (ev *evaluation) reasonsBesideRLS(group []*exposure) []string {
	var groups []string
	for _, x := range group {
		if ev.reasonIsRLS(x.orderView) {
			return nil
		}
		for _, v := range ev.set.Renal.Variants {
			if v.Reason != "" && ev.orderedFor(x.Order, v.Reason) {
				groups = append(groups, v.Reason)
			}
		}
	}
	return groups
}

// onDialysis reports whether a Condition that means dialysis itself, not only kidney disease,
// counts.
func (ev *evaluation) onDialysis() bool { return len(ev.certain("context_dialysis")) > 0 }
