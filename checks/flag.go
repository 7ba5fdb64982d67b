package checks

import (
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// FlagState is the state of a flag.
type FlagState string

// Flag states. Acknowledged and overridden flags are still open.
const (
	Open         FlagState = "open"
	Acknowledged FlagState = "acknowledged"
	Overridden   FlagState = "overridden"
	Resolved     FlagState = "resolved"
)

// Change is the kind of a transition.
type Change string

// Kinds of transition. Moved is the last word on the subject of the old severity.
const (
	ChangeOpened       Change = "opened"
	ChangeUpdated      Change = "updated"
	ChangeResolved     Change = "resolved"
	ChangeMoved        Change = "moved"
	ChangeAcknowledged Change = "acknowledged"
	ChangeOverridden   Change = "overridden"
)

// Reason says why a flag was resolved.
type Reason string

// Reasons for resolving a flag.
const (
	reasonOrderStopped   Reason = "order-stopped"    // stopped, cancelled, on hold, ended, or now a prohibition
	ReasonSupplyEnded    Reason = "supply-ended"     // time alone ended the exposure
	ReasonEnteredInError Reason = "entered-in-error" // an order, result or diagnosis behind it was withdrawn or deleted
	reasonRLSRefuted     Reason = "rls-refuted"      // RLS no longer counts
	ReasonLabArrived     Reason = "lab-arrived"      // a result answers it
	reasonDrugChanged    Reason = "drug-changed"     // the order is now for something else, or was identified
	reasonSuperseded     Reason = "superseded"       // another flag says more (iron)
	reasonContextChanged Reason = "context-changed"  // age, dialysis, Parkinson disease, dose, kidney function, ...
	reasonRulesetChanged Reason = "ruleset-changed"  // tables, rules or settings changed
	reasonMovedPatient   Reason = "moved-to-another-patient"
	reasonPatientDied    Reason = "patient-died"
	reasonLeftOut        Reason = "facts-left-out" // its facts were left out by the limits
	ReasonErased         Reason = "erased"         // everything stored about the patient was deleted
)

// Flag is a finding with its identity and history: what is printed, published and watched.
type Flag struct {
	Finding
	ID      string
	Number  uint64 // counts the transitions of this flag from 1, never reused
	State   FlagState
	Change  Change
	Reason  Reason    // of a resolved flag
	AsOf    time.Time // of the transition
	Ruleset string    // hash of tables, rules and settings
	Ack     *facts.Acknowledgement
	Next    ahead.Next // of an open flag
	// Clears are single changes that would have cleared it, by what was known at AsOf; see
	// AddClears. ClearsCut: some changes were not tried.
	Clears    []clears.Change
	ClearsCut bool
}

// OpenFlag is what a patient's state keeps of a flag: enough to tell whether a finding is news. It
// outlives the flag, so that numbers go on and are never reused.
type OpenFlag struct {
	Check      string
	Ingredient string
	Severity   Severity // None once resolved
	Number     uint64
	Digest     uint64 // of everything the flag says except its as-of time and number
	Acked      FlagState
	Implicated []facts.Ref // orders of the last transition, to say why it was resolved
}
