package clears

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// Kind is the kind of a change.
type Kind string

// Kinds in the order they are listed: what is measured or completed before what ends.
const (
	Lab        Kind = "lab"        // results of one draw, final and usable
	Unit       Kind = "unit"       // a result is sent with its unit
	Medication Kind = "medication" // a Medication arrives, or an order names its drug
	Dose       Kind = "dose"       // a stated daily dose
	Reason     Kind = "reason"     // a coded reason of an order
	OrderEnd   Kind = "order-end"  // an order is no longer in force, or a draft is not signed
	Route      Kind = "route"      // a stated route
	Diagnosis  Kind = "diagnosis"  // another status of a diagnosis
)

// Limit is a bound that a number has to meet.
type Limit struct {
	Comparator string `json:"comparator,omitempty"` // "<=", ">=" or ">"; "" if any usable value will do
	Value      string `json:"value,omitempty"`      // a decimal number
	Unit       string `json:"unit,omitempty"`       // UCUM
}

// Result is a required result.
type Result struct {
	Analyte string `json:"analyte"` // ferritin, TSAT, eGFR or creatinine clearance
	Limit
}

// Change is one change after which a flag would not be open. Absent values say nothing.
type Change struct {
	Kind Kind `json:"change"`
	// Targets are the resources that would change: orders, a result, diagnoses, or the Medication
	// that has not arrived. There are none for a change of more than MostTargets orders, which
	// means all orders of the drug.
	Targets []facts.Ref `json:"targets,omitempty"`
	Drug    string      `json:"drug,omitempty"` // ingredient of the orders
	// Results of one draw; all are needed.
	Results []Result `json:"results,omitempty"`
	// From is the first day of a draw newer than everything known, as a date; "" if nothing is
	// known. For a unit it is the day of the result.
	From string `json:"from,omitempty"`
	// Days: how long a result counts as recent after its draw, or a drug still counts after its
	// order ends.
	Days int `json:"days,omitempty"`
	// Wanted: the flag is open because this result is missing, old or unusable, so it may be
	// ordered for its own sake.
	Wanted bool `json:"wanted,omitempty"`
	// Dose is the daily dose of all orders of the drug together.
	Dose *Limit `json:"dose,omitempty"`
	// Value is the new value: the unit (UCUM), the route, the reason (SNOMED CT), the status of a
	// diagnosis (refuted, also resolved; active); draft for an order that is being written.
	Value string `json:"value,omitempty"`
	// Opens are checks that would open, or become more severe, instead.
	Opens []string `json:"opens,omitempty"`
	Text  string   `json:"text"`
}

// MostTargets limits the orders a change names.
const MostTargets = 20

// Within reports whether c is part of larger, a change that asks for more and so says nothing new.
// A change that opens something else does not cover one that does not.
func (c *Change) Within(larger *Change) bool {
	if c.Kind != larger.Kind || len(c.Opens) > 0 || c.Kind == Reason && c.Value != larger.Value {
		return false
	}
	for _, ref := range c.Targets {
		if len(larger.Targets) > 0 && !slices.Contains(larger.Targets, ref) {
			return false
		}
	}
	for _, r := range c.Results {
		same := func(o Result) bool { return o.Analyte == r.Analyte }
		if !slices.ContainsFunc(larger.Results, same) {
			return false
		}
	}
	return true
}

// Shown are the changes for a reader with little room: the first of each kind, at most two, those
// that open nothing first. That ending the drug or refuting RLS clears a flag goes without saying,
// unless the drug acts on for days.
func Shown(list []Change) []Change {
	var out []Change
	for _, clean := range []bool{true, false} {
		for _, c := range list {
			plain := c.Kind == Route || c.Kind == Diagnosis || c.Kind == OrderEnd && c.Days == 0
			same := func(o Change) bool { return o.Kind == c.Kind }
			if !plain && clean == (len(c.Opens) == 0) && len(out) < mostShown && !slices.ContainsFunc(out, same) {
				out = append(out, c)
			}
		}
	}
	return out
}

const mostShown = 2
