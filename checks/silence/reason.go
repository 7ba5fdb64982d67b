package silence

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/words"
)

// Reason says why a check stayed silent. The list is closed.
type Reason string

// Why an order, a result or a patient raises no flag.
const (
	NoRLS         Reason = "rls-not-on-record"
	RLSRefuted    Reason = "rls-refuted"
	RLSResolved   Reason = "rls-resolved"
	NotYet        Reason = "dated-after-as-of"
	DoNotPerform  Reason = "do-not-perform"
	Option        Reason = "intent-option"
	OnHold        Reason = "order-on-hold"
	Stopped       Reason = "order-stopped"
	Cancelled     Reason = "order-cancelled"
	NotTaken      Reason = "not-taken"
	Ended         Reason = "dosage-ended"
	SupplyEnded   Reason = "supply-ended"
	SupplyUnknown Reason = "completed-supply-unknown"
	Withdrawn     Reason = "entered-in-error"
	Moved         Reason = "moved-to-another-patient"
	NotSystemic   Reason = "route-not-systemic"
	NoCheck       Reason = "class-without-check"
	Ordinary      Reason = "ordinary-drug"
	UnknownCode   Reason = "code-not-known"
	Off           Reason = "check-switched-off"
	NotApproved   Reason = "rule-not-approved"
	Parkinson     Reason = "parkinson-disease"
	NoPartner     Reason = "no-depressant-beside-it"
	OnlyDrafts    Reason = "both-only-drafts"
	DoseWithin    Reason = "dose-within-limit"
	DoseUnknown   Reason = "dose-or-kidney-function-unknown"
	IronAdequate  Reason = "iron-adequate"
	IronKnown     Reason = "iron-result-on-record"
	NoAlpha2Delta Reason = "no-alpha-2-delta-ligand"
	OtherFlag     Reason = "another-flag-says-more"
	Identified    Reason = "drug-identified"
	OtherReason   Reason = "ordered-for-something-else"
	NoAntagonist  Reason = "no-antagonist-beside-it"
	NoSecond      Reason = "no-second-gabapentinoid"
	IronNotLow    Reason = "iron-not-low"
	Died          Reason = "patient-died"
	LeftOut       Reason = "facts-left-out"

	// Tail never leaves checks: a stopped order whose drug may act on.
	Tail Reason = "tail"
)

// Reasons lists all reasons that have words for a reader.
func Reasons() []Reason {
	return slices.Sorted(slices.Values(reasons))
}

// Words describes the reason for a reader.
func (r Reason) Words() string { return words.Say("silent." + string(r)) }

// reasons are all that reach a reader.
var reasons = []Reason{
	NoRLS,
	RLSRefuted,
	RLSResolved,
	NotYet,
	DoNotPerform,
	Option,
	OnHold,
	Stopped,
	Cancelled,
	NotTaken,
	Ended,
	SupplyEnded,
	SupplyUnknown,
	Withdrawn,
	Moved,
	NotSystemic,
	NoCheck,
	Ordinary,
	UnknownCode,
	Off,
	NotApproved,
	Parkinson,
	NoPartner,
	OnlyDrafts,
	DoseWithin,
	DoseUnknown,
	IronAdequate,
	IronKnown,
	NoAlpha2Delta,
	OtherFlag,
	Identified,
	OtherReason,
	NoAntagonist,
	NoSecond,
	IronNotLow,
	Died,
	LeftOut,
}
