package ahead

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/words"
)

// Cause is what happens at a moment when time alone changes a flag. Ref is the order, result,
// diagnosis or answer concerned; "" if there is none.
type Cause struct {
	Kind Kind      `json:"cause"`
	Ref  facts.Ref `json:"ref,omitempty"`
}

// Kind says what happens at a moment by the passing of time alone. The list is closed.
type Kind string

// What may happen by itself.
const (
	OrderCounts     Kind = "order-counts"     // dated ahead, or its dosage begins later
	OrderEnds       Kind = "order-ends"       // by its last dosage
	SupplyEnds      Kind = "supply-ends"      // including the days of grace
	TailEnds        Kind = "tail-ends"        // of a stopped drug with a long half-life
	OrderOld        Kind = "order-old"        // active for long, with nothing newer
	DoseChanges     Kind = "dose-changes"     // a dosage of the order begins or ends
	ResultCounts    Kind = "result-counts"    // dated ahead
	DrawsPart       Kind = "draws-part"       // a result with an unreadable time becomes newer than another
	ResultAgeing    Kind = "result-ageing"    // 180 days by default
	ResultStale     Kind = "result-stale"     // 365 days by default
	RepeatDue       Kind = "repeat-due"       // 90 days after a low value by default
	KidneyValueOld  Kind = "kidney-value-old" // 365 days, 90 in chronic kidney disease, by default
	NotNew          Kind = "not-new"          // dopamine agonist treatment, 90 days by default
	SwitchOver      Kind = "switch-over"      // of two gabapentinoids, 28 days by default
	DiagnosisCounts Kind = "diagnosis-counts" // dated ahead
	DiagnosisEnds   Kind = "diagnosis-ends"   // has abated
	PregnancyCounts Kind = "pregnancy-counts" // a sign dated ahead
	PregnancyEnds   Kind = "pregnancy-ends"   // a sign no longer counts
	Birthday        Kind = "birthday"         // of an age limit
	Death           Kind = "death"            // dated ahead
	AnswerCounts    Kind = "answer-counts"    // an acknowledgement or override dated ahead
	AnswerEnds      Kind = "answer-ends"      // an acknowledgement or override with an end
)

var kinds = []Kind{
	OrderCounts, OrderEnds, SupplyEnds, TailEnds, OrderOld, DoseChanges, ResultCounts, DrawsPart, ResultAgeing,
	ResultStale, RepeatDue, KidneyValueOld, NotNew, SwitchOver, DiagnosisCounts, DiagnosisEnds,
	PregnancyCounts, PregnancyEnds, Birthday, Death, AnswerCounts, AnswerEnds,
}

// Kinds lists all kinds, sorted.
func Kinds() []Kind { return slices.Sorted(slices.Values(kinds)) }

// Words describes the cause for a reader.
func (k Kind) Words() string { return words.Say("cause." + string(k)) }
