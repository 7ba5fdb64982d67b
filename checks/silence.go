package checks

import (
	"maps"
	"slices"
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

	// SilentTail never leaves the package: a stopped order whose drug may act on.
	SilentTail SilenceReason = "tail"
)

// SilenceReasons are all reasons, with words for a reader.
func SilenceReasons() []SilenceReason {
	return slices.Sorted(maps.Keys(silenceWords))
}

// Words say the reason to a reader.
func (r SilenceReason) Words() string { return silenceWords[r] }

var silenceWords = map[SilenceReason]string{
	SilentNoRLS:         "RLS is not on record",
	SilentRLSRefuted:    "RLS was refuted, or is family history only",
	SilentRLSResolved:   "RLS is resolved or has abated",
	SilentNotYet:        "dated after the as-of time",
	SilentDoNotPerform:  "a prohibition, not a prescription",
	SilentOption:        "an option that nobody has chosen",
	SilentOnHold:        "the order is on hold",
	SilentStopped:       "the order has ended and its drug does not act on",
	SilentCancelled:     "the order was cancelled",
	SilentNotTaken:      "stated as not taken",
	SilentEnded:         "its dosage has ended",
	SilentSupplyEnded:   "completed, and the supply is used up",
	SilentSupplyUnknown: "completed, and no supply is known",
	SilentWithdrawn:     "entered in error or deleted",
	SilentMoved:         "belongs to another patient by now",
	SilentNotSystemic:   "does not reach the body by its route or form",
	SilentNoCheck:       "no check is about its class",
	SilentOrdinary:      "an ordinary drug, in none of our classes",
	SilentUnknownCode:   "its name is none of ours, and of its code nothing is known",
	SilentOff:           "the check is switched off",
	SilentNotApproved:   "the rule is not approved, and the settings want that",
	SilentParkinson:     "parkinsonism is on record",
	SilentNoPartner:     "nothing that depresses breathing beside it",
	SilentOnlyDrafts:    "both halves of the pair are only drafts",
	SilentDoseWithin:    "the dose is within the maximum",
	SilentDoseUnknown:   "dose or kidney function is not known",
	SilentIronAdequate:  "ferritin and TSAT are usable, recent and not low",
	SilentIronKnown:     "a usable iron result within the year is on record",
	SilentNoAlpha2Delta: "no alpha-2-delta ligand",
	SilentOtherFlag:     "another flag of the patient says more",
	SilentIdentified:    "every order names a drug that can be looked up",
	SilentOtherReason:   "ordered for another disease, by its coded reason",
	SilentNoAntagonist:  "no dopamine antagonist beside it",
	SilentNoSecond:      "no second gabapentinoid beside it",
	SilentIronNotLow:    "iron is not known to be low",
	SilentDied:          "the patient has died",
}

// Silence says why one check raised no flag for one order, or for the patient when Order is "".
type Silence struct {
	Patient    Ref           `json:"patient"`
	Order      Ref           `json:"order,omitempty"`
	Check      string        `json:"check,omitempty"` // "" for every check
	Ingredient string        `json:"ingredient,omitempty"`
	Reason     SilenceReason `json:"reason"`
	Detail     string        `json:"detail,omitempty"`
}

// quiet notes why a check stayed silent, when somebody wants to know.
func (ev *evaluation) quiet(o *orderView, check, ingredient string, why SilenceReason, detail string) {
	if !ev.explain {
		return
	}
	s := Silence{Patient: ev.st.Patient, Check: check, Ingredient: ingredient, Reason: why, Detail: detail}
	if o != nil {
		s.Order = o.ref
	}
	ev.silences = append(ev.silences, s)
}
