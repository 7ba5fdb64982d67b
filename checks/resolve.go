package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/silence"
)

// Reasons lists all reasons.
func Reasons() []Reason {
	return []Reason{
		reasonOrderStopped, ReasonSupplyEnded, ReasonEnteredInError, reasonRLSRefuted, ReasonLabArrived,
		reasonDrugChanged, reasonSuperseded,
		reasonContextChanged, reasonRulesetChanged, reasonMovedPatient, reasonPatientDied, reasonLeftOut, ReasonErased,
	}
}

// reasonOf maps the silence of an order to the reason it resolves a flag; any other is a change of
// context.
var reasonOf = map[silence.Reason]Reason{
	silence.DoNotPerform: reasonOrderStopped, silence.Option: reasonOrderStopped, silence.OnHold: reasonOrderStopped,
	silence.Stopped: reasonOrderStopped, silence.Cancelled: reasonOrderStopped, silence.NotTaken: reasonOrderStopped,
	silence.Ended: reasonOrderStopped, silence.NotYet: reasonOrderStopped,
	silence.SupplyEnded: ReasonSupplyEnded, silence.SupplyUnknown: ReasonSupplyEnded,
	silence.Withdrawn: ReasonEnteredInError, silence.Moved: reasonMovedPatient,
	silence.Ordinary: reasonDrugChanged, silence.UnknownCode: reasonDrugChanged, silence.NotSystemic: reasonDrugChanged,
	silence.NoCheck: reasonDrugChanged,
}

// reason says why a flag is gone, from why it is silent now.
func (d *differ) reason(kept OpenFlag) Reason {
	if d.was != "" && d.was != d.ruleset {
		return reasonRulesetChanged
	}
	if d.run == nil {
		d.run = evaluate(d.st, d.set, d.asOf, true)
	}
	if d.run.died() {
		return reasonPatientDied
	}
	if d.run.rls.status == RLSNone && !d.set.Everyone {
		return d.withoutRLS()
	}
	if r, ok := d.orderReason(kept.Implicated); ok {
		return r
	}
	if d.leftOut(kept.Implicated) {
		return reasonLeftOut
	}
	if r, ok := d.pairReason(kept); ok {
		return r
	}
	if strings.Contains(kept.Check, "iron") {
		return d.ironReason()
	}
	if kept.Check == "medication-unclassified" || !d.run.exposedTo(kept.Ingredient) {
		return reasonDrugChanged
	}
	return reasonContextChanged
}

// withoutRLS distinguishes a withdrawn diagnosis from one that no longer counts.
func (d *differ) withoutRLS() Reason {
	for i := range d.st.Facts {
		f := &d.st.Facts[i]
		if f.Kind == facts.KindMark && f.Ref.Type() == "Condition" &&
			(f.Mark == facts.MarkEnteredInError || f.Mark == facts.MarkDeleted) {
			return ReasonEnteredInError
		}
	}
	if d.run.rls.silence == "" && d.st.Cut.has(1<<groupConditions) {
		return reasonLeftOut
	}
	return reasonRLSRefuted
}

// leftOut reports whether an order of a flag has been left out.
func (d *differ) leftOut(orders []facts.Ref) bool {
	return d.st.Cut.has(1<<groupOrders) &&
		slices.ContainsFunc(orders, func(ref facts.Ref) bool { return d.st.Find(ref) == nil })
}

// orderReason explains a flag by its orders, if none of them counts any more. A withdrawal ranks
// first, then the rest of the list below.
func (d *differ) orderReason(orders []facts.Ref) (Reason, bool) {
	var found []Reason
	for _, ref := range orders {
		if r, ok := d.overOf(ref); ok {
			found = append(found, r)
		}
	}
	if len(orders) == 0 || len(found) < len(orders) {
		return "", false
	}
	for _, r := range []Reason{ReasonEnteredInError, reasonMovedPatient, reasonDrugChanged, reasonOrderStopped} {
		if slices.Contains(found, r) {
			return r, true
		}
	}
	return found[0], true
}

// overOf is why an order no longer counts: the first reason given for it.
func (d *differ) overOf(order facts.Ref) (Reason, bool) {
	if d.over == nil {
		d.over = map[facts.Ref]Reason{}
		for _, s := range d.run.silences {
			r, ok := reasonOf[s.Reason]
			if _, known := d.over[s.Order]; ok && !known {
				d.over[s.Order] = r
			}
		}
	}
	r, ok := d.over[order]
	return r, ok
}

// pairReason explains a flag about a combination, which ends with either half.
func (d *differ) pairReason(kept OpenFlag) (Reason, bool) {
	if !slices.Contains(pairChecks, kept.Check) {
		return "", false
	}
	for _, ref := range kept.Implicated {
		if r, ok := d.orderReason([]facts.Ref{ref}); ok {
			return r, true
		}
	}
	return reasonContextChanged, true
}

var pairChecks = []string{checkAntagonist, checkDuplicate, checkPair}

// ironReason says whether another iron flag took over or a result arrived.
func (d *differ) ironReason() Reason {
	for _, f := range d.run.findings {
		if strings.Contains(f.Check, "iron") {
			return reasonSuperseded
		}
	}
	return ReasonLabArrived
}

func (ev *evaluation) exposedTo(ingredient string) bool {
	for i := range ev.exposures {
		if ev.exposures[i].Name == ingredient {
			return true
		}
	}
	return false
}
