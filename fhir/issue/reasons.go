package issue

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// ActionNoted is the code of mitigation.action, in any system, that says that a flag was seen;
// every other code is an override reason.
const ActionNoted = "noted"

var answerReasons = []codes.Coding{
	{Code: ActionNoted, Display: "Seen"},
	{Code: "benefit-outweighs-risk", Display: "The benefit outweighs the risk"},
	{Code: "will-monitor", Display: "Will be monitored"},
	{Code: "tolerated-before", Display: "Taken before without worsening of RLS"},
	{Code: "already-ordered", Display: "The test or treatment is ordered already"},
	{Code: "no-suitable-alternative", Display: "No suitable alternative"},
	{Code: "patient-declined", Display: "The patient declined the advice"},
	{Code: "not-applicable", Display: "Does not apply to this patient"},
	{Code: "record-wrong", Display: "The record is wrong or out of date"},
	{Code: "other", Display: "Another reason"},
}

// OverrideReasons are the codes of AcknowledgementSystem that override a flag, in the order in
// which they are offered. Sites add codes of their own.
func OverrideReasons() []codes.Coding { return slices.Clone(answerReasons[1:]) }

// reasonDisplay is "" for a code of a site.
func reasonDisplay(code string) string {
	for _, r := range answerReasons {
		if r.Code == code {
			return r.Display
		}
	}
	return ""
}
