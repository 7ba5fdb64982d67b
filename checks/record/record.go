package record

import (
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// Record is everything known of one patient as of an instant. Absent values are omitted from its
// JSON.
type Record struct {
	Person    Person      `json:"person"`
	RLS       RLS         `json:"rls"`
	Orders    []Order     `json:"orders,omitempty"`    // by start, then by reference
	Results   []Series    `json:"results,omitempty"`   // iron before kidneys before the rest
	Diagnoses []Diagnosis `json:"diagnoses,omitempty"` // RLS first, then by start
	Answers   []Answer    `json:"answers,omitempty"`   // oldest first
	Unread    []Unread    `json:"unread,omitempty"`    // by reference
	// Cut says in a sentence which older facts were left out; "" if none were.
	Cut string `json:"cut,omitempty"`
}

// Date is a time as precisely as sent.
type Date struct {
	// At is the first instant it can mean in the zone of the record.
	At time.Time `json:"at"`
	// Words are the calendar date for a reader: 2026, 2026-11 or 2026-11-23.
	Words string `json:"words"`
}

// IsZero reports whether no time is known.
func (d Date) IsZero() bool { return d.Words == "" }

// Person is what helps to read the rest. It has neither name nor birth date.
type Person struct {
	Sex string `json:"sex,omitempty"` // female, male or other; "" if unknown
	// Age in whole years as of the record; nil if unknown.
	Age      *int `json:"age,omitempty"`
	Deceased bool `json:"deceased,omitempty"` // by the as-of time
}

// RLS says how restless legs syndrome counts.
type RLS struct {
	Status string `json:"status"`          // confirmed, remission, possible or none
	Since  Date   `json:"since,omitzero"`  // earliest record of the evidence
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
	Product string    `json:"product,omitempty"` // as sent, else from our tables; shortened
	// Dose is the largest daily dose, from structured dosage only.
	Dose string `json:"dose,omitempty"`
	// Steps are successive doses with their own starts; empty for a single dose.
	Steps []Step `json:"steps,omitempty"`
	// Ingredients and classes from our tables; empty for other drugs.
	Ingredients []string `json:"ingredients,omitempty"`
	Classes     []string `json:"classes,omitempty"`
	Status      string   `json:"status"` // FHIR code
	AsNeeded    bool     `json:"asNeeded,omitempty"`
	Draft       bool     `json:"draft,omitempty"` // being written, intended or not yet begun
	// From and Until are when it began, and when it ended or will end, if known.
	From  Date `json:"from,omitzero"`
	Until Date `json:"until,omitzero"`
	// Counts as of the record. Why says why not.
	Counts bool   `json:"counts"`
	Why    string `json:"why,omitempty"`
	// Notes qualify an order that counts: as needed, of unknown status, and so on.
	Notes []string `json:"notes,omitempty"`
}

// Step is the dose of an order from a time until the next step.
type Step struct {
	From Date   `json:"from"`
	Dose string `json:"dose"` // "" if unknown
}

// Series are all results of one analyte in one unit.
type Series struct {
	Analyte string `json:"analyte"` // a stable word: ferritin, tsat, clearance, egfr, creatinine, ...
	Name    string `json:"name"`    // for a reader
	Unit    string `json:"unit,omitempty"`
	// Source: other series are calculated from this one or read beside it. It has no limits.
	Source bool    `json:"source,omitempty"`
	Limits []Limit `json:"limits,omitempty"` // highest first
	Points []Point `json:"points"`           // oldest first; undated ones last
}

// Sides of a limit.
const (
	Below     = "below"       // a value below the limit is beyond it
	AtOrBelow = "at-or-below" // so is one that equals it
)

// Limit is what results are compared with.
type Limit struct {
	Value string `json:"value"` // a decimal number in the unit of the series
	Side  string `json:"side"`  // which side of it is beyond
	Label string `json:"label"` // what lies beyond it
}

// Point is one result.
type Point struct {
	// Refs are the Observation, or everything a calculated value rests on.
	Refs []facts.Ref `json:"refs"`
	At   Date        `json:"at,omitzero"`
	// Value is a decimal number in the unit of the series; "" if there is none.
	Value string `json:"value,omitempty"`
	// Comparator is <, <=, > or >= if that is all that is known of the value.
	Comparator string `json:"comparator,omitempty"`
	// Words are value and unit for a reader, and what was sent in another unit.
	Words string `json:"words,omitempty"`
	// Usable: it can be evaluated. Why says why not, or with what caveat.
	Usable bool   `json:"usable"`
	Why    string `json:"why,omitempty"`
	// Beyond: it is certainly beyond the first limit of its series, or that of its laboratory.
	Beyond     bool `json:"beyond,omitempty"`
	Calculated bool `json:"calculated,omitempty"` // from other results
}

// Diagnosis is one relevant Condition.
type Diagnosis struct {
	Ref  facts.Ref `json:"ref"`
	Name string    `json:"name"` // for a reader
	// Code is system|code of the first coding in our tables; "" if only a text says so.
	Code string `json:"code,omitempty"`
	// Clinical and Verification are FHIR codes; "" if absent, "unreadable" if unknown.
	Clinical     string `json:"clinical,omitempty"`
	Verification string `json:"verification,omitempty"`
	// RLS: how it counts as RLS, as in RLS.Status; "" for other diagnoses.
	RLS string `json:"rls,omitempty"`
	// Why it does not count, or only as possible.
	Why   string `json:"why,omitempty"`
	From  Date   `json:"from,omitzero"` // onset, else when it was recorded
	Until Date   `json:"until,omitzero"`
	Over  bool   `json:"over,omitempty"` // resolved or abated, possibly at an unknown time
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

// Unread is a record part of which is present but could not be read.
type Unread struct {
	Ref   facts.Ref `json:"ref"`
	Words string    `json:"words"`
}
