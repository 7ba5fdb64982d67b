package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// ironChecks are the checks of the iron panel; ironFinding decides which one of them is open.
func ironChecks() []Check {
	check := func(id, title, severity, trigger string, thresholds func(*Settings) []Threshold) Check {
		return Check{
			ID: id, Title: title, Severity: severity, Trigger: trigger, Classes: []terms.Class{terms.Alpha2Delta},
			Citations: []Citation{aasm("good practice statement: iron studies before and during treatment")}, Rule: pending(1),
			Thresholds: thresholds, run: (*evaluation).ironCheck,
		}
	}
	return []Check{
		check("iron-labs-missing", "No iron result before an alpha-2-delta ligand", "moderate",
			"alpha2delta exposure or draft, and ferritin or transferrin saturation (TSAT) never seen", orderThresholds),
		check("iron-labs-stale", "Old iron results before an alpha-2-delta ligand", "moderate over 365 d, low from 181 to 365 d",
			"alpha2delta, both were seen and usable, but the newest of either is that old", ageThresholds),
		check("iron-labs-unusable", "Iron result that cannot be evaluated", "moderate",
			"alpha2delta, and the newest result of either cannot be evaluated", orderThresholds),
		check("iron-low", "Low iron beside an alpha-2-delta ligand", "moderate",
			"alpha2delta, and newest usable ferritin <= 75 ng/mL or TSAT < 20 % (adult; other limits for children and in dialysis)", ironThresholds),
		check("rls-iron-unchecked", "RLS without a recent iron result", "low",
			"no alpha2delta, and no usable ferritin or TSAT within 365 d", ageThresholds),
	}
}

// ironCheck flags what ironFinding decided, when it is about this check. The orders of alpha-2-delta ligands lower it as they
// lower every check of theirs.
func (ev *evaluation) ironCheck(c Check) {
	d, takers := ev.decideIron()
	if d.Check != c.ID {
		ev.quiet(nil, c.ID, "", ironSilence(c, d, len(takers) > 0), d.Known)
		return
	}
	f := Finding{Evidence: d.Evidence, Basis: strings.Join(d.Basis, "|"), Action: d.Action + reviewNote(c)}
	severity := None
	var names []string
	for _, x := range takers {
		severity = max(severity, x.severity(ev.base(c, d.Severity)))
		f.Implicated = append(f.Implicated, x.ref)
		if !slices.Contains(names, x.Name) {
			names = append(names, x.Name)
		}
	}
	if len(takers) == 0 {
		severity = d.Severity
		f.Summary = joinSentences(d.Summary, ev.rlsWords())
	} else {
		slices.Sort(names)
		f.Summary = joinSentences(capital(strings.Join(names, ", "))+" "+ev.taking(takers)+": "+lowerFirst(d.Summary)+notes(takers), ev.rlsWords())
	}
	ev.flag(c, severity, f)
}

// ironSilence says why an iron check other than the open one stayed silent.
func ironSilence(c Check, d ironDecision, taken bool) SilenceReason {
	switch {
	case c.ID == checkIronUnchecked && !taken:
		return SilentIronKnown
	case c.ID == checkIronUnchecked || taken && d.Check != "":
		return SilentOtherFlag
	case !taken:
		return SilentNoAlpha2Delta
	default:
		return SilentIronAdequate
	}
}

// decideIron looks at the iron panel once for all iron checks, and returns the exposures to alpha-2-delta ligands.
func (ev *evaluation) decideIron() (ironDecision, []*exposure) {
	if ev.iron != nil {
		return *ev.iron, ev.takers
	}
	var iron []ironOrder
	for i := range ev.exposures {
		switch x := &ev.exposures[i]; x.Class {
		case terms.Alpha2Delta:
			ev.takers = append(ev.takers, x)
		case terms.IronOral, terms.IronIV:
			if x.unread&UnreadModifier != 0 {
				continue // it may say that nothing is given
			}
			iron = append(iron, ironOrder{Ref: x.ref, Date: x.Authored, IV: x.Class == terms.IronIV})
		}
	}
	d := ironFinding(ironInput{
		Labs: readLabs(ev.st, ev.terms, ev.zone, &ev.set.Iron, ev.asOf), Terms: ev.terms, Settings: &ev.set.Iron,
		Alpha2Delta: len(ev.takers) > 0, Birth: ev.person.Birth, ESRD: ev.kidneyFailure(),
		IronCaution: ev.contexts("context_iron_caution"), Pregnant: ev.pregnant(), Orders: iron,
	})
	if !d.Next.IsZero() {
		ev.later(d.Next)
	}
	ev.iron = &d
	return d, ev.takers
}

// contexts are the Conditions of a context group that count.
func (ev *evaluation) contexts(group string) []Ref {
	var refs []Ref
	for i := range ev.st.Facts {
		if f := &ev.st.Facts[i]; f.Kind == KindCondition && ev.contextCounts(f.Condition, group) {
			refs = append(refs, f.Ref)
		}
	}
	return refs
}

// kidneyFailure are the Conditions that switch to the limits of dialysis: certain and active ones only, since those limits are
// narrower and would hide low iron.
func (ev *evaluation) kidneyFailure() []Ref {
	return slices.DeleteFunc(ev.contexts("context_esrd"), func(ref Ref) bool {
		c := ev.st.Find(ref).Condition
		return c.Verification > VerificationConfirmed || c.Clinical >= ClinicalInactive || c.Modified || c.Code.Certainty != CertaintyAsCoded
	})
}
