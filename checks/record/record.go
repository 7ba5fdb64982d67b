package record

import (
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// Record is all that is known of one patient as of an instant. Absent values are left out of its
// JSON.
type Record struct {
	Person    Person      `json:"person"`
	RLS       RLS         `json:"rls"`
	Orders    []Order     `json:"orders,omitempty"`    // by their begin, then by reference
	Results   []Series    `json:"results,omitempty"`   // iron before kidneys before the rest
	Diagnoses []Diagnosis `json:"diagnoses,omitempty"` // RLS first, then by their begin
	Answers   []Answer    `json:"answers,omitempty"`   // the oldest first
	Unread    []Unread    `json:"unread,omitempty"`    // by reference
	// Cut says in a sentence which older facts were left out; "" when none were.
	Cut string `json:"cut,omitempty"`
}

// Date is a time as precisely as it was sent.
type Date struct {
	// At is the first instant that it can mean in the zone of the record.
	At time.Time `json:"at"`
	// Words are the calendar date for a reader: 2026, 2026-11 or 2026-11-23.
	Words string `json:"words"`
}

// IsZero tells that no time is known.
func (d Date) IsZero() bool { return d.Words == "" }

// Person is what helps to read the rest. Neither a name nor a birth date is in it.
type Person struct {
	Sex string `json:"sex,omitempty"` // female, male or other; "" when not known
	// Age in whole years as of the record. The pointer is nil when it is not known.
	Age      *int `json:"age,omitempty"`
	Deceased bool `json:"deceased,omitempty"` // by the as-of time
}

// RLS says how restless legs syndrome counts.
type RLS struct {
	Status string `json:"status"`          // confirmed, remission, possible or none
	Since  Date   `json:"since,omitzero"`  // earliest record of what says so
	Words  string `json:"words,omitempty"` // why not, or why only possible
}

// Kinds of orders.
const (
	KindOrder     = "order"     // MedicationRequest
	KindDispense  = "dispense"  // MedicationDispense
	KindStatement = "statement" // MedicationStatement
)

// Order is one order, dispense or statement.
type Order struct {
	Ref     facts.Ref `json:"ref"`
	Kind    string    `json:"kind"`
	Product string    `json:"product,omitempty"` // as sent, else by our tables; shortened
	// Dose of a day by structured dosage only: the largest that it comes to.
	Dose string `json:"dose,omitempty"`
	// Steps are the doses one after the other, where an order has several with a begin of their own;
	// empty for one dose.
	Steps []Step `json:"steps,omitempty"`
	// Ingredients and classes by our tables; empty for any other drug.
	Ingredients []string `json:"ingredients,omitempty"`
	Classes     []string `json:"classes,omitempty"`
	Status      string   `json:"status"` // code of FHIR
	AsNeeded    bool     `json:"asNeeded,omitempty"`
	Draft       bool     `json:"draft,omitempty"` // being written, intended or not yet begun
	// From and Until are when it began, and when it ended or will end as far as that is known.
	From  Date `json:"from,omitzero"`
	Until Date `json:"until,omitzero"`
	// Counts as of the record. Why not is in Why.
	Counts bool   `json:"counts"`
	Why    string `json:"why,omitempty"`
	// Notes qualify an order that counts: as needed, of unknown status, and the like.
	Notes []string `json:"notes,omitempty"`
}

// Step is the dose of an order from a time on, until the next step.
type Step struct {
	From Date   `json:"from"`
	Dose string `json:"dose"` // "" where it cannot be told
}

// Series are all results of one analyte in one unit.
type Series struct {
	Analyte string `json:"analyte"` // a stable word: ferritin, tsat, clearance, egfr, creatinine, ...
	Name    string `json:"name"`    // for a reader
	Unit    string `json:"unit,omitempty"`
	// Source: other series are calculated from this one, or are read beside it. It has no limits of
	// its own.
	Source bool    `json:"source,omitempty"`
	Limits []Limit `json:"limits,omitempty"` // the highest first
	Points []Point `json:"points"`           // the oldest first; those without a time last
}

// Sides of a limit.
const (
	Below     = "below"       // a value below the limit is beyond it
	AtOrBelow = "at-or-below" // so is one that equals it
)

// Limit is what results are held against.
type Limit struct {
	Value string `json:"value"` // a decimal number in the unit of the series
	Side  string `json:"side"`  // which side of it is beyond it
	Label string `json:"label"` // what lies beyond it
}

// Point is one result.
type Point struct {
	// Refs are the Observation, or all that a calculated value rests on.
	Refs []facts.Ref `json:"refs"`
	At   Date        `json:"at,omitzero"`
	// Value is a decimal number in the unit of the series; "" when there is none to be had.
	Value string `json:"value,omitempty"`
	// Comparator is <, <=, > or >= where that is all that is known of the value.
	Comparator string `json:"comparator,omitempty"`
	// Words are value and unit for a reader, with what was sent in another unit.
	Words string `json:"words,omitempty"`
	// Usable: it can be evaluated. Why not, or with what reservation, is in Why.
	Usable bool   `json:"usable"`
	Why    string `json:"why,omitempty"`
	// Beyond: it lies certainly beyond the first limit of its series that it was held against.
	Beyond     bool `json:"beyond,omitempty"`
	Calculated bool `json:"calculated,omitempty"` // from other results
}

// Diagnosis is one Condition that matters here.
type Diagnosis struct {
	Ref  facts.Ref `json:"ref"`
	Name string    `json:"name"` // for a reader
	// Code is system|code of the first coding that our tables know; "" where only a text says so.
	Code string `json:"code,omitempty"`
	// Clinical and Verification are codes of FHIR; "" when absent, unreadable when none of them.
	Clinical     string `json:"clinical,omitempty"`
	Verification string `json:"verification,omitempty"`
	// RLS: how it counts as RLS, as in RLS.Status; "" for another diagnosis.
	RLS string `json:"rls,omitempty"`
	// Why it does not count, or only as possible.
	Why   string `json:"why,omitempty"`
	From  Date   `json:"from,omitzero"` // onset, else when it was recorded
	Until Date   `json:"until,omitzero"`
	Over  bool   `json:"over,omitempty"` // resolved or abated, maybe nobody knows when
}

// Answer is one acknowledgement or override of a flag.
type Answer struct {
	Ref    facts.Ref `json:"ref"`
	Flag   string    `json:"flag"` // the id of the flag
	Kind   string    `json:"kind"` // acknowledged or overridden
	Author string    `json:"author,omitempty"`
	At     Date      `json:"at,omitzero"`
	Until  Date      `json:"until,omitzero"`
	Reason string    `json:"reason,omitempty"` // a code
	// Holds: the flag is open and this is its answer.
	Holds bool `json:"holds"`
}

// Unread is a record of which a part is there and could not be read.
type Unread struct {
	Ref   facts.Ref `json:"ref"`
	Words string    `json:"words"`
}
