package checks

import "github.com/rlsguard/rlsguard/checks/terms"

// ironChecks are the checks of the iron panel; ironFinding decides which one of them is open.
func ironChecks() []Check {
	check := func(id, title, severity, trigger string) Check {
		return Check{
			ID: id, Title: title, Severity: severity, Trigger: trigger, Classes: []terms.Class{terms.Alpha2Delta},
			Citations: []Citation{aasm("good practice statement: iron studies before and during treatment")}, Rule: pending(1),
			run: func(ev *evaluation, c Check) {},
		}
	}
	return []Check{
		check("iron-labs-missing", "No iron result before an alpha-2-delta ligand", "moderate",
			"alpha2delta exposure or draft, and ferritin or transferrin saturation (TSAT) never seen"),
		check("iron-labs-stale", "Old iron results before an alpha-2-delta ligand", "moderate over 365 d, low from 181 to 365 d",
			"alpha2delta, both were seen and usable, but the newest of either is that old"),
		check("iron-labs-unusable", "Iron result that cannot be evaluated", "moderate",
			"alpha2delta, and the newest result of either cannot be evaluated"),
		check("iron-low", "Low iron beside an alpha-2-delta ligand", "moderate",
			"alpha2delta, and newest usable ferritin <= 75 ng/mL or TSAT < 20 % (adult; other limits for children and in dialysis)"),
		check("rls-iron-unchecked", "RLS without a recent iron result", "low",
			"no alpha2delta, and no usable ferritin or TSAT within 365 d"),
	}
}

func renalCheck() Check {
	return Check{
		ID: "gabapentinoid-renal-dose", Title: "Gabapentinoid dose above what the kidneys allow", Severity: "moderate; low when the dose is unknown",
		Trigger:   "alpha2delta above the maximum of its label for the kidney function; independent of the RLS evidence",
		Citations: []Citation{{Source: "US labels of gabapentin, gabapentin enacarbil, pregabalin; Japanese label of mirogabalin", Strength: "label", Review: Pending}},
		Rule:      pending(1), Classes: []terms.Class{terms.Alpha2Delta}, WithoutRLS: true,
		run: func(ev *evaluation, c Check) {},
	}
}
