package ordercheck

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

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

// Metrics count what is asked on rls.check. They are a prometheus.Collector; a nil Metrics counts
// nothing.
type Metrics struct {
	asked *prometheus.CounterVec
	took  prometheus.Histogram
}

// NewMetrics have counted nothing.
func NewMetrics() *Metrics {
	m := &Metrics{
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rlsguard_order_checks_total",
			Help: "Order checks asked for on rls.check, by outcome."}, []string{"outcome"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "rlsguard_order_check_seconds",
			Help:    "Time from reading an order check to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
	}
	for _, o := range []string{
		outcomeFlagged, outcomeUnflagged, outcomeUnreadable, outcomeNoQuestion, outcomeNotReady, outcomeFailed,
	} {
		m.asked.WithLabelValues(o)
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	m.asked.Describe(ch)
	m.took.Describe(ch)
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.asked.Collect(ch)
	m.took.Collect(ch)
}

func (m *Metrics) count(outcome string, took time.Duration) {
	if m == nil {
		return
	}
	m.asked.WithLabelValues(outcome).Inc()
	m.took.Observe(took.Seconds())
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
