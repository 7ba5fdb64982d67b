package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms"
)

func renalCheck() Check {
	return Check{
		ID: checkRenalDose, Title: "Gabapentinoid dose above what the kidneys allow", Severity: "moderate; low when the dose is unknown",
		Trigger:   "alpha2delta above the maximum of its label for the kidney function; independent of the RLS evidence",
		Citations: []Citation{{Source: "US labels of gabapentin, gabapentin enacarbil, pregabalin; Japanese label of mirogabalin", Strength: "label", Review: Pending}},
		Rule:      pending(1), Classes: []terms.Class{terms.Alpha2Delta}, WithoutRLS: true,
		Thresholds: renalThresholds,
		run:        (*evaluation).renalDose,
	}
}

// renalDose flags each alpha-2-delta ligand whose orders together exceed what the kidneys allow (rules.md R7).
func (ev *evaluation) renalDose(c Check) {
	for _, group := range ev.byIngredient(func(x *exposure) bool { return x.Class == terms.Alpha2Delta }) {
		first := group[0]
		d := renalFinding(ev.renalInput(group))
		if !d.Next.IsZero() {
			ev.later(d.Next)
		}
		if d.Severity == None {
			why := SilentDoseUnknown
			if d.Within {
				why = SilentDoseWithin
			}
			ev.quiet(first.orderView, c.ID, first.Name, why, d.Known)
			continue
		}
		f := Finding{Ingredient: first.Name, Evidence: d.Evidence, Basis: strings.Join(d.Basis, "|"), Action: d.Action + reviewNote(c)}
		severity := None
		for _, x := range group {
			severity = max(severity, x.severity(ev.base(c, d.Severity)))
			f.Implicated = append(f.Implicated, x.ref)
		}
		f.Summary = d.Summary + notes(group)
		ev.flag(c, severity, f)
	}
}

func (ev *evaluation) renalInput(group []*exposure) renalInput {
	in := renalInput{
		Labs: readLabs(ev.st, ev.terms, ev.zone, &ev.set.Iron, ev.asOf), Settings: &ev.set.Renal,
		Birth: ev.person.Birth, Sex: ev.person.Sex, Dialysis: ev.onDialysis(), Ingredient: group[0].Name,
		CKD: len(ev.contexts("context_esrd"))+len(ev.contexts("context_esrd_check")) > 0,
	}
	for _, x := range group {
		in.Orders = append(in.Orders, doseOrder{Ref: x.ref, Order: x.Order, Strength: x.Strength, PerML: x.PerML, Ingredient: x.Name})
	}
	return in
}

// onDialysis tells whether a Condition that means dialysis itself, not only kidney disease, counts.
func (ev *evaluation) onDialysis() bool {
	return slices.ContainsFunc(ev.kidneyFailure(), func(ref Ref) bool {
		return slices.ContainsFunc(ev.st.Find(ref).Condition.Code.Codings, isDialysisCode)
	})
}
