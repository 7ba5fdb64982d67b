package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/words"
)

// SilenceReason says why a check stayed silent. The list is closed.
type SilenceReason string

// Why an order, a result or a patient raises no flag.
const (
	SilentNoRLS         SilenceReason = "rls-not-on-record"
	SilentRLSRefuted    SilenceReason = "rls-refuted"
	SilentRLSResolved   SilenceReason = "rls-resolved"
	SilentNotYet        SilenceReason = "dated-after-as-of"
	SilentDoNotPerform  SilenceReason = "do-not-perform"
	SilentOption        SilenceReason = "intent-option"
	SilentOnHold        SilenceReason = "order-on-hold"
	SilentStopped       SilenceReason = "order-stopped"
	SilentCancelled     SilenceReason = "order-cancelled"
	SilentNotTaken      SilenceReason = "not-taken"
	SilentEnded         SilenceReason = "dosage-ended"
	SilentSupplyEnded   SilenceReason = "supply-ended"
	SilentSupplyUnknown SilenceReason = "completed-supply-unknown"
	SilentWithdrawn     SilenceReason = "entered-in-error"
	SilentMoved         SilenceReason = "moved-to-another-patient"
	SilentNotSystemic   SilenceReason = "route-not-systemic"
	SilentNoCheck       SilenceReason = "class-without-check"
	SilentOrdinary      SilenceReason = "ordinary-drug"
	SilentUnknownCode   SilenceReason = "code-not-known"
	SilentOff           SilenceReason = "check-switched-off"
	SilentNotApproved   SilenceReason = "rule-not-approved"
	SilentParkinson     SilenceReason = "parkinson-disease"
	SilentNoPartner     SilenceReason = "no-depressant-beside-it"
	SilentOnlyDrafts    SilenceReason = "both-only-drafts"
	SilentDoseWithin    SilenceReason = "dose-within-limit"
	SilentDoseUnknown   SilenceReason = "dose-or-kidney-function-unknown"
	SilentIronAdequate  SilenceReason = "iron-adequate"
	SilentIronKnown     SilenceReason = "iron-result-on-record"
	SilentNoAlpha2Delta SilenceReason = "no-alpha-2-delta-ligand"
	SilentOtherFlag     SilenceReason = "another-flag-says-more"
	SilentIdentified    SilenceReason = "drug-identified"
	SilentOtherReason   SilenceReason = "ordered-for-something-else"
	SilentNoAntagonist  SilenceReason = "no-antagonist-beside-it"
	SilentNoSecond      SilenceReason = "no-second-gabapentinoid"
	SilentIronNotLow    SilenceReason = "iron-not-low"
	SilentDied          SilenceReason = "patient-died"
	SilentLeftOut       SilenceReason = "facts-left-out"

	// SilentTail never leaves the package: a stopped order whose drug may act on.
	SilentTail SilenceReason = "tail"
)

// SilenceReasons are all reasons, with words for a reader.
func SilenceReasons() []SilenceReason {
	return slices.Sorted(slices.Values(silenceReasons))
}

// Words say the reason to a reader.
func (r SilenceReason) Words() string { return words.Say("silent." + string(r)) }

// silenceReasons are all that are told.
var silenceReasons = []SilenceReason{
	SilentNoRLS,
	SilentRLSRefuted,
	SilentRLSResolved,
	SilentNotYet,
	SilentDoNotPerform,
	SilentOption,
	SilentOnHold,
	SilentStopped,
	SilentCancelled,
	SilentNotTaken,
	SilentEnded,
	SilentSupplyEnded,
	SilentSupplyUnknown,
	SilentWithdrawn,
	SilentMoved,
	SilentNotSystemic,
	SilentNoCheck,
	SilentOrdinary,
	SilentUnknownCode,
	SilentOff,
	SilentNotApproved,
	SilentParkinson,
	SilentNoPartner,
	SilentOnlyDrafts,
	SilentDoseWithin,
	SilentDoseUnknown,
	SilentIronAdequate,
	SilentIronKnown,
	SilentNoAlpha2Delta,
	SilentOtherFlag,
	SilentIdentified,
	SilentOtherReason,
	SilentNoAntagonist,
	SilentNoSecond,
	SilentIronNotLow,
	SilentDied,
	SilentLeftOut,
}
