package timeline

import (
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// Patient is everything to show about one patient. Absent values are omitted from its JSON. Fields
// may be added; none changes its meaning.
type Patient struct {
	Patient string    `json:"patient"` // token
	AsOf    time.Time `json:"asOf"`
	Zone    string    `json:"zone"` // IANA name of the zone in which days begin and end
	Ruleset string    `json:"ruleset,omitempty"`
	record.Record
	Flags    []Flag    `json:"flags,omitempty"` // worst first; then resolved ones, newest first
	Silences []Silence `json:"silences,omitempty"`
	Counsel  []string  `json:"counsel,omitempty"` // advice shared by all flags
	Leaflet  Leaflet   `json:"leaflet,omitzero"`
	// Gap says that the history is incomplete, and why; "" if it is complete.
	Gap string `json:"gap,omitempty"`
}

// Flag is a flag as published, with its history. The counsel shared by all flags is in Patient.
type Flag struct {
	ordercheck.Line
	Number uint64        `json:"number,omitempty"` // of the last transition
	Reason checks.Reason `json:"reason,omitempty"` // for a resolved flag
	// Answer is in force. It is one of Patient.Answers.
	Answer  *record.Answer `json:"answer,omitempty"`
	History []Step         `json:"history,omitempty"` // oldest first
}

// Open reports whether the flag is open, answered or not.
func (f *Flag) Open() bool { return f.State != checks.Resolved }

// Step is one transition of a flag.
type Step struct {
	Transition checks.Change `json:"transition"`
	At         time.Time     `json:"at"`
	Number     uint64        `json:"number"`
	Severity   string        `json:"severity,omitempty"`
	Reason     checks.Reason `json:"reason,omitempty"` // for a resolved flag
	Summary    string        `json:"summary,omitempty"`
	Author     string        `json:"author,omitempty"` // for an answer
	Why        string        `json:"why,omitempty"`    // reason code of an answer
}

// Silence says why a check raised no flag.
type Silence struct {
	Check      string         `json:"check,omitempty"` // "" for every check
	Order      facts.Ref      `json:"order,omitempty"` // "" for the patient
	Ingredient string         `json:"ingredient,omitempty"`
	Reason     silence.Reason `json:"reason"`
	Words      string         `json:"words"`
}
