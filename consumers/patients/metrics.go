package patients

import (
	"github.com/rlsguard/rlsguard/consumers/asked"
)

// Outcomes of a question, as its metric names them.
const (
	outcomeTold       = "told"
	outcomeUnreadable = "unreadable"
	outcomeUnknown    = "unknown"
	outcomeNotReady   = "not-ready"
	outcomeFailed     = "failed"
)

// NewMetrics count what is asked on rls.patient.
func NewMetrics() *asked.Metrics {
	return asked.NewMetrics(
		"rlsguard_timeline",
		"Timelines asked for on rls.patient, by outcome.",
		"Time from reading a question for a timeline to its answer.",
		outcomeTold, outcomeUnreadable, outcomeUnknown, outcomeNotReady, outcomeFailed,
	)
}
