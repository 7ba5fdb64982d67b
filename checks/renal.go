package checks

import (
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/words"
)

const checkRenalDose = "gabapentinoid-renal-dose"

// renalInput is everything the renal dose check looks at, for the orders of one drug.
type renalInput struct {
	Labs     *labBook
	Settings *renalSettings
	Birth    moment.Time
	Sex      facts.Sex
	// Dialysis: a Condition of group context_dialysis counts. Results that imply it are in Labs.
	Dialysis bool
	// CKD: chronic kidney disease is on record (context_esrd), so results age faster.
	CKD        bool
	Ingredient string
	// Region is the country of the site; Reasons are the groups of diagnoses the orders are for,
	// empty if any order is for RLS.
	Region  string
	Reasons []string
	Orders  []doseOrder // counted orders of the ingredient
}

// renalDecision says whether the dose is too high for the kidneys.
type renalDecision struct {
	Severity Severity    // None: no flag
	Evidence []facts.Ref // results that give the kidney function
	Summary  string
	Action   string
	Basis    []string
	Next     time.Time
	Causes   []ahead.Cause // what happens at Next
	// Within: dose and kidney function are known, and the dose is at most the maximum. Known says
	// what is known, for a reader who asks why there is no flag.
	Within bool
	Known  string

	leaflet string // key of the leaflet
}

// renalFinding decides for one drug. A dose above the maximum of its band: moderate. An unknown
// dose with clearance below the setting: low. Unknown kidney function, or an unknown dose with
// better clearance: none.
func renalFinding(in renalInput) renalDecision {
	row, ok := in.row()
	if !ok || len(in.Orders) == 0 {
		return renalDecision{Known: words.Say("renal.none")}
	}
	dose := totalDose(in.Orders, in.Labs.zone, in.Labs.asOf)
	kidney := readKidney(&in)
	var next upcoming
	next.add(kidney.next, ahead.KidneyValueOld, kidney.newest())
	next.add(dose.next, ahead.DoseChanges, in.Orders[0].Ref)
	next.join(&in.Labs.next)
	d := renalDecision{Next: next.at, Causes: next.all()}
	if kidney.band == renalUnknown {
		d.Known = words.Say("renal.kidneys-unknown", "why", kidney.silence)
		if kidney.opens {
			in.unread(&d, &row, &dose, &kidney)
		}
		return d
	}
	band := in.Settings.bandOf(&kidney.clearance, row.LowerEnds)
	most := row.maximum(band, in.Settings, &kidney.clearance)
	known := words.Say("renal.dose.least", "mg", dose.mg.Cut(2))
	if dose.complete {
		known = words.Say("renal.dose", "mg", dose.mg.Cut(2))
	}
	say := []string{
		"drug",
		in.Ingredient,
		"dose",
		known,
		"most",
		most.Cut(1) + " mg",
		"band",
		in.Settings.bandWords(band),
		"source",
		row.Source,
		"kidneys",
		kidney.words,
	}
	switch {
	case most.Sign() == 0:
		d.Severity = Moderate
		d.leaflet = "ruled-out"
		d.Summary, d.Action = words.Say("renal.ruled-out", say...), words.Say("renal.action.ruled-out")
	case dose.mg.Minus(doseSlack).Cmp(most) > 0 && band == renalNormal:
		d.Severity = Moderate
		d.leaflet = "normal"
		d.Summary, d.Action = words.Say(
			"renal.above.normal",
			say...), joinSentences(
			in.otherReason(),
			words.Say("renal.action"),
		)
	case dose.mg.Minus(doseSlack).Cmp(most) > 0:
		d.Severity = Moderate
		d.leaflet = "above"
		d.Summary, d.Action = words.Say(
			"renal.above",
			say...), joinSentences(
			words.Say("renal.action"),
			in.dialysis(&row),
		)
	case !dose.complete && kidney.clearance.Below(in.Settings.UnknownDoseBelow):
		d.Severity = Low
		d.leaflet = "unknown"
		d.Summary, d.Action = words.Say(
			"renal.unknown",
			say...), joinSentences(
			words.Say("renal.action.unknown"),
			in.dialysis(&row),
		)
	default:
		d.Within = dose.complete
		d.Known = words.Say("renal.known", say...)
		return d
	}
	d.Evidence = joinRefs(kidney.refs)
	d.Basis = []string{"dose=" + d.doseBasis(&dose), "band=" + in.Settings.bandBasis(band)}
	return d
}

// unread decides when the newest kidney value cannot be evaluated: a dose within the maximum for
// the worst kidneys is within any, and one above that for healthy kidneys is above any.
func (in *renalInput) unread(d *renalDecision, row *RenalMaximum, dose *dailyDose, kidney *kidneyFunction) {
	known, basis := words.Say("renal.dose.unknown"), "in a daily dose that the orders do not tell"
	switch {
	case dose.complete:
		known, basis = words.Say("renal.dose", "mg", dose.mg.Cut(2)), dose.mg.Cut(2)+" mg a day"
	case dose.mg.Sign() > 0:
		known, basis = words.Say("renal.dose.least", "mg", dose.mg.Cut(2)), "at least "+dose.mg.Cut(2)+" mg a day"
	}
	say := []string{
		"drug",
		in.Ingredient,
		"dose",
		known,
		"most",
		row.Normal.String() + " mg",
		"least",
		row.Failure.String() + " mg",
		"source",
		row.Source,
		"kidneys",
		kidney.words,
	}
	switch {
	case dose.mg.Minus(doseSlack).Cmp(row.Normal) > 0:
		d.Severity, d.leaflet = Moderate, "normal"
		d.Summary, d.Action = words.Say(
			"renal.above.normal",
			say...), joinSentences(
			in.otherReason(),
			words.Say("renal.action"),
		)
	case dose.complete && dose.mg.Minus(doseSlack).Cmp(row.Failure) <= 0:
		d.Within = true
		return
	default:
		d.Severity, d.leaflet = Low, "unclear"
		d.Summary, d.Action = words.Say(
			"renal.unread",
			say...), joinSentences(
			words.Say("renal.action.unread"),
			in.dialysis(row),
		)
	}
	d.Evidence = joinRefs(kidney.refs)
	d.Basis = []string{"dose=" + basis, "band=unread"}
}

// row is the label row for these orders: by country, by coded reason, else the drug's own.
func (in *renalInput) row() (RenalMaximum, bool) {
	for _, v := range in.Settings.Variants {
		if v.Ingredient == in.Ingredient && (v.Region == "" || v.Region == in.Region) &&
			(v.Reason == "" || slices.Contains(in.Reasons, v.Reason)) {
			return v.RenalMaximum, true
		}
	}
	row, ok := in.Settings.Maxima[in.Ingredient]
	return row, ok
}

// otherReason names the larger maximum that the drug has for another reason, which may not have
// been coded.
func (in *renalInput) otherReason() string {
	for _, v := range in.Settings.Variants {
		if v.Ingredient == in.Ingredient && v.Reason == postherpetic && v.Region == "" &&
			!slices.Contains(in.Reasons, v.Reason) &&
			in.Region != "JP" {
			return words.Say("renal.other-reason", "most", v.Normal.String()+" mg")
		}
	}
	return ""
}

func (in *renalInput) dialysis(row *RenalMaximum) string {
	if in.onDialysis() {
		return row.Dialysis
	}
	return ""
}

// doseBasis is the dose as an answer rests on it, independent of wording.
func (d *renalDecision) doseBasis(dose *dailyDose) string {
	switch {
	case d.Severity == Low:
		return "not known"
	case dose.complete:
		return dose.mg.Cut(2) + " mg a day"
	}
	return "at least " + dose.mg.Cut(2) + " mg a day"
}

func (s *renalSettings) bandBasis(b renalBand) string {
	switch b {
	case renalNormal:
		return s.Normal.String() + " mL/min or more"
	case renalModerate:
		return "above " + s.Moderate.String() + " and below " + s.Normal.String() + " mL/min"
	case renalSevere:
		return "above " + s.Severe.String() + " and up to " + s.Moderate.String() + " mL/min"
	}
	return "up to " + s.Severe.String() + " mL/min"
}
