package ordercheck

import (
	"errors"

	"github.com/rlsguard/rlsguard/consumers/asked"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/fhir"
)

// Outcomes of an order check, as its metric names them.
const (
	outcomeFlagged    = "flagged"   // answered, with flags because of the drafts
	outcomeUnflagged  = "unflagged" // answered, without
	outcomeUnreadable = "unreadable"
	outcomeNoQuestion = "no-question"
	outcomeNotReady   = "not-ready"
	outcomeFailed     = "failed"
)

// NewMetrics count what is asked on rls.check.
func NewMetrics() *asked.Metrics {
	return asked.NewMetrics(
		asked.Named{Name: "rlsguard_order_checks_total", Help: "Order checks asked for on rls.check, by outcome."},
		asked.Named{Name: "rlsguard_order_check_seconds", Help: "Time from reading an order check to its answer."},
		outcomeFlagged, outcomeUnflagged, outcomeUnreadable, outcomeNoQuestion, outcomeNotReady, outcomeFailed,
	)
}

func outcomeOfAnswer(a *Advice) string {
	if len(a.Because) > 0 {
		return outcomeFlagged
	}
	return outcomeUnflagged
}

func outcomeOfError(err error) string {
	var rej *fhir.Rejection
	switch {
	case errors.As(err, &rej):
		return outcomeUnreadable
	case errors.Is(err, errNoDraft), errors.Is(err, errNoPatient), errors.Is(err, errSeveralPatients):
		return outcomeNoQuestion
	case errors.Is(err, commit.ErrNotReady):
		return outcomeNotReady
	default:
		return outcomeFailed
	}
}
