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
		asked.Named{Name: "rlsguard_timelines_total", Help: "Timelines asked for on rls.patient, by outcome."},
		asked.Named{
			Name: "rlsguard_timeline_seconds", Help: "Time from reading a question for a timeline to its answer.",
		},
		outcomeTold, outcomeUnreadable, outcomeUnknown, outcomeNotReady, outcomeFailed,
	)
}
