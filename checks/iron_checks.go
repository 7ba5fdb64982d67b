package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/checks/words"
)

// ironChecks are the checks of the iron panel; ironFinding decides which one is open.
func ironChecks() []Check {
	check := func(id, title, severity, trigger string, version int, thresholds func(*Settings) []threshold) Check {
		return Check{
			ID: id, Title: title, Severity: severity, Trigger: trigger, Classes: []drugs.Class{drugs.Alpha2Delta},
			Citations: []Citation{
				aasm("good practice statement: iron studies before and during treatment"),
			}, Rule: pending(version),
			Thresholds: thresholds, run: (*evaluation).ironCheck,
		}
	}
	low := check(
		"iron-low",
		"Low iron in RLS",
		"moderate beside a medicine for RLS (alpha2delta, dopamine_agonist, dopamine_precursor), else low; one step "+
			"lower while iron is being replaced",
		"newest usable ferritin <= 75 ng/mL or TSAT < 20 % (adult; other limits for children and in dialysis)",
		2,
		ironThresholds,
	)
	low.Classes = append(low.Classes, agonistClasses...)
	return []Check{
		check(
			"iron-labs-missing",
			"No iron result before an alpha-2-delta ligand",
			"moderate",
			"alpha2delta exposure or draft, and ferritin or transferrin saturation (TSAT) never seen",
			2,
			orderThresholds,
		),
		check(
			"iron-labs-stale",
			"Old iron results before an alpha-2-delta ligand",
			"moderate over 365 d, low from 181 to 365 d",
			"alpha2delta, both were seen and usable, but the newest of either is that old",
			2,
			ageThresholds,
		),
		check("iron-labs-unusable", "Iron result that cannot be evaluated", "moderate",
			"alpha2delta, and the newest result of either cannot be evaluated", 2, unusableThresholds),
		low,
		check(
			"rls-iron-unchecked",
			"RLS without a recent iron result",
			"low",
			"no alpha2delta, and no usable ferritin or TSAT within 365 d (in end-stage renal disease or dialysis "+
				"both, in children ferritin)",
			2,
			ageThresholds,
		),
	}
}

// ironCheck flags what ironFinding decided, if it concerns this check. Orders of medicines for RLS
// lower it as they do other checks.
func (ev *evaluation) ironCheck(c Check) {
	d, takers := ev.decideIron()
	if c.ID == checkIronLow {
		takers = ev.treated
	}
	if d.Check != c.ID {
		ev.quiet(nil, c.ID, "", ironSilence(c, d, len(takers) > 0), d.Known)
		return
	}
	f := Finding{Evidence: d.Evidence, Basis: strings.Join(d.Basis, "|"), Action: d.Action}
	severity := d.Severity
	drugs := ""
	if len(takers) > 0 {
		severity = ev.gather(&f, takers, ev.base(c, d.Severity))
		ev.iron.Need.Drugs = words.And(namesOf(takers))
		drugs = words.Say("iron.for", "drugs", ev.iron.Need.Drugs)
	}
	if d.Replaced {
		severity = severity.stepDown()
	}
	f.Summary = joinSentences(d.Summary, drugs, notes(takers), ev.rlsWords())
	ev.flag(c, severity, f, d.Leaflet)
}

func namesOf(group []*exposure) []string {
	var names []string
	for _, x := range group {
		names = append(names, x.Name)
	}
	return sortedUnique(names)
}

// ironSilence says why an iron check other than the open one stayed silent.
func ironSilence(c Check, d ironDecision, taken bool) silence.Reason {
	switch {
	case d.Check != "" && (taken || c.ID == checkIronUnchecked):
		return silence.OtherFlag
	case c.ID == checkIronUnchecked && !taken:
		return silence.IronKnown
	case c.ID == checkIronUnchecked:
		return silence.OtherFlag
	case c.ID == checkIronLow && !taken:
		return silence.IronNotLow
	case !taken:
		return silence.NoAlpha2Delta
	default:
		return silence.IronAdequate
	}
}

// decideIron evaluates the iron panel once for all iron checks, and returns the exposures to
// alpha-2-delta ligands.
func (ev *evaluation) decideIron() (ironDecision, []*exposure) {
	if ev.iron != nil {
		return *ev.iron, ev.takers
	}
	ev.gatherTakers()
	d := ironFinding(ev.ironInput())
	for _, c := range d.Causes {
		ev.later(d.Next, c.Kind, c.Ref)
	}
	ev.iron = &d
	return d, ev.takers
}

func (ev *evaluation) gatherTakers() {
	for i := range ev.exposures {
		x := &ev.exposures[i]
		if x.Class == drugs.Alpha2Delta {
			ev.takers = append(ev.takers, x)
		}
		if x.Class == drugs.Alpha2Delta || isAgonist(&x.Found) {
			ev.treated = append(ev.treated, x)
		}
	}
}

// ironInput is what the iron checks look at, once the takers are known.
func (ev *evaluation) ironInput() ironInput {
	return ironInput{
		Labs: ev.labs(), Terms: ev.terms, Settings: &ev.set.Iron, Bare: ev.bare,
		Alpha2Delta: len(ev.takers) > 0, Treated: len(ev.treated) > 0, Birth: ev.person.Birth, ESRD: ev.kidneyFailure(),
		IronCaution: ev.contexts("context_iron_caution"), Pregnant: ev.pregnant(), Orders: ev.ironOrders(),
	}
}

// ironOrders are the orders for iron that matter to results: those that count, and infusions that
// were given, whatever their supply.
func (ev *evaluation) ironOrders() []ironOrder {
	var all []ironOrder
	for i := range ev.orders {
		o := &ev.orders[i]
		for _, f := range o.drug.match.Found {
			iv := f.Class == drugs.IronIV
			given := iv && o.everTaken() && o.Status != facts.StatusStopped && o.Status != facts.StatusOnHold
			if !iv && f.Class != drugs.IronOral || !o.counts && !given || o.silence == silence.Tail {
				continue
			}
			all = append(all, ironOrder{
				Ref: o.ref, Date: o.Authored, IV: iv, Current: o.counts,
				// An unknown modifier extension leaves nothing certain.
				Replaces: o.everTaken() && f.Name != "iron" && o.unread&unread.Modifier == 0,
			})
			break
		}
	}
	return all
}

// ironLow reports whether the newest usable iron is low, whatever its age, and by which results.
func (ev *evaluation) ironLow() (bool, []facts.Ref) {
	d, _ := ev.decideIron()
	return d.Low, d.Facts
}

// ironFacts gives the newest iron values to checks about something else.
func (ev *evaluation) ironFacts() (string, []facts.Ref) {
	d, _ := ev.decideIron()
	return d.Fact, d.Facts
}

func (ev *evaluation) contexts(group string) []facts.Ref {
	var refs []facts.Ref
	for i := range ev.st.Facts {
		if f := &ev.st.Facts[i]; f.Kind == facts.KindCondition && ev.contextCounts(f.Condition, group) {
			refs = append(refs, f.Ref)
		}
	}
	return refs
}

// kidneyFailure are the Conditions that switch to the dialysis limits.
func (ev *evaluation) kidneyFailure() []facts.Ref {
	return append(ev.certain("context_esrd"), ev.certain("context_dialysis")...)
}

// certain are the Conditions of a group that are certain and active. Only these may switch to
// narrower limits, which would hide low iron.
func (ev *evaluation) certain(group string) []facts.Ref {
	return slices.DeleteFunc(ev.contexts(group), func(ref facts.Ref) bool {
		c := ev.st.Find(ref).Condition
		return c.Verification > facts.VerificationConfirmed || c.Clinical >= facts.ClinicalInactive || c.Modified ||
			c.Code.Certainty != facts.CertaintyAsCoded
	})
}
