package checks

import (
	"time"
)

// checkRenalDose is the id of the renal dose check.
const checkRenalDose = "gabapentinoid-renal-dose"

// renalInput is all that the renal dose check looks at, for the orders of one drug.
type renalInput struct {
	Labs     *labBook
	Settings *RenalSettings
	Birth    Time
	Sex      Sex
	// Dialysis: a Condition whose code means dialysis (isDialysisCode) counts. Results that mark it are found in Labs.
	Dialysis bool
	// CKD: chronic kidney disease is on record (context_esrd), so that results age faster.
	CKD        bool
	Ingredient string
	Orders     []doseOrder // counted orders of the ingredient
}

// renalDecision says whether the dose is too high for the kidneys.
type renalDecision struct {
	Severity Severity // None: no flag
	Evidence []Ref    // results that the kidney function is from
	Summary  string
	Action   string
	Basis    []string
	Next     time.Time
	// Within: dose and kidney function are known, and the dose is not above the maximum. Known says what is known, for a reader who asks why there is no flag.
	Within bool
	Known  string
}

// renalSlack absorbs what division cannot represent: two thirds thrice is 2.
var renalSlack = decimal("1e-30")

// renalFinding decides for one drug. A dose above the maximum of its band: moderate. Impaired kidneys and an unknown dose: low. Kidney
// function unknown, or good with an unknown dose: none.
func renalFinding(in renalInput) renalDecision {
	row, ok := in.Settings.Maxima[in.Ingredient]
	if !ok || len(in.Orders) == 0 {
		return renalDecision{Known: "no renal maximum is known for it"}
	}
	dose := totalDose(in.Orders, in.Labs.zone, in.Labs.asOf)
	kidney := readKidney(&in)
	d := renalDecision{Next: earlier(in.Labs.next, earlier(dose.next, kidney.next))}
	if kidney.band == renalUnknown {
		d.Known = "kidney function is not known: " + kidney.silence
		if kidney.opens {
			in.unread(&d, &row, &dose, &kidney)
		}
		return d
	}
	most := row.maximum(kidney.band)
	known := "at least " + dose.mg.cut(2) + " mg a day"
	if dose.complete {
		known = dose.mg.cut(2) + " mg a day"
	}
	switch {
	case dose.mg.minus(renalSlack).Cmp(most) > 0:
		d.Severity = Moderate
		d.Summary = capital(in.Ingredient) + " " + known + " is above the maximum of " + most.String() + " mg a day for a clearance of " +
			in.Settings.bandWords(kidney.band) + ". Known: " + kidney.words + "."
	case !dose.complete && kidney.band != renalNormal:
		d.Severity = Low
		known = "not known"
		d.Summary = capital(in.Ingredient) + " with a clearance of " + in.Settings.bandWords(kidney.band) +
			", and its daily dose is not known from the orders received. Known: " + kidney.words + "."
	default:
		d.Within = dose.complete
		d.Known = capital(in.Ingredient) + " " + known + ", maximum " + most.String() + " mg a day; " + kidney.words
		return d
	}
	d.Evidence = joinRefs(kidney.refs)
	d.Basis = []string{"dose=" + known, "band=" + in.Settings.bandWords(kidney.band)}
	d.Action = in.action(&row, most)
	return d
}

// unread decides where the newest kidney value cannot be evaluated. A dose that is within the maximum of the worst kidneys is within
// every other, and one above that of healthy ones is above all.
func (in *renalInput) unread(d *renalDecision, row *RenalMaximum, dose *dailyDose, kidney *kidneyFunction) {
	known := "in a daily dose that the orders do not tell"
	if dose.complete {
		known = dose.mg.cut(2) + " mg a day"
	} else if dose.mg.Sign() > 0 {
		known = "at least " + dose.mg.cut(2) + " mg a day"
	}
	least, most := row.maximum(renalFailure), row.maximum(renalNormal)
	switch {
	case dose.mg.minus(renalSlack).Cmp(most) > 0:
		d.Severity = Moderate
		d.Summary = capital(in.Ingredient) + " " + known + " is above the maximum of " + most.String() + " mg a day even for healthy kidneys."
	case dose.complete && dose.mg.minus(renalSlack).Cmp(least) <= 0:
		d.Within = true
		return
	default:
		d.Severity, most = Low, least
		d.Summary = capital(in.Ingredient) + " " + known + ", and the newest kidney value cannot be evaluated."
	}
	d.Summary += " Known: " + kidney.words + "."
	d.Evidence = joinRefs(kidney.refs)
	d.Basis = []string{"dose=" + known, "band=unread"}
	d.Action = joinSentences("Ask the laboratory for the complete result (value, unit, status), or have it repeated.", in.action(row, most))
}

func (in *renalInput) action(row *RenalMaximum, most Decimal) string {
	dialysis := ""
	if in.onDialysis() {
		dialysis = row.Dialysis
	}
	return joinSentences("Check the total daily dose against kidney function with the prescriber: at most "+most.String()+" mg a day ("+row.Source+").",
		"Any reduction should be gradual; watch for sedation and falls.", dialysis,
		"In acute kidney injury neither formula nor eGFR holds. Doses for RLS are often lower than these maxima, which come from epilepsy and pain.")
}
