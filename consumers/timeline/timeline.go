package timeline

import (
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// Patient is all that is to be shown of one patient. Absent values are left out of its JSON.
// Fields may be added; none changes its meaning.
type Patient struct {
	Patient string    `json:"patient"` // token
	AsOf    time.Time `json:"asOf"`
	Zone    string    `json:"zone"` // IANA name of the zone in which dates begin and end
	Ruleset string    `json:"ruleset,omitempty"`
	record.Record
	Flags    []Flag    `json:"flags,omitempty"` // the worst first; then those that are resolved, the newest first
	Silences []Silence `json:"silences,omitempty"`
	Counsel  []string  `json:"counsel,omitempty"` // advice that is the same for every flag
	Leaflet  Leaflet   `json:"leaflet,omitzero"`
	// Gap says that the history is not whole, and why; "" when it is.
	Gap string `json:"gap,omitempty"`
}

// Flag is a flag as it is published, with its history. The counsel that all flags share is left to
// Patient.
type Flag struct {
	ordercheck.Line
	Number uint64        `json:"number,omitempty"` // of the last transition
	Reason checks.Reason `json:"reason,omitempty"` // of a resolved flag
	// Answer holds now. It is one of Patient.Answers.
	Answer  *record.Answer `json:"answer,omitempty"`
	History []Step         `json:"history,omitempty"` // the oldest first
}

// Open tells that the flag is open, answered or not.
func (f *Flag) Open() bool { return f.State != checks.Resolved }

// Step is one transition of a flag.
type Step struct {
	Transition checks.Change `json:"transition"`
	At         time.Time     `json:"at"`
	Number     uint64        `json:"number"`
	Severity   string        `json:"severity,omitempty"`
	Reason     checks.Reason `json:"reason,omitempty"` // of a resolved flag
	Summary    string        `json:"summary,omitempty"`
	Author     string        `json:"author,omitempty"` // of an answer
	Why        string        `json:"why,omitempty"`    // code of the reason of an answer
}

// Silence says why a check raised no flag.
type Silence struct {
	Check      string         `json:"check,omitempty"` // "" for every check
	Order      facts.Ref      `json:"order,omitempty"` // "" for the patient
	Ingredient string         `json:"ingredient,omitempty"`
	Reason     silence.Reason `json:"reason"`
	Words      string         `json:"words"`
}
