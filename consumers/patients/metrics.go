package patients

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Outcomes of a question, as its metric names them.
const (
	outcomeTold       = "told"
	outcomeUnreadable = "unreadable"
	outcomeUnknown    = "unknown"
	outcomeNotReady   = "not-ready"
	outcomeFailed     = "failed"
)

// Metrics count what is asked on rls.patient. They are a prometheus.Collector; a nil Metrics counts
// nothing.
type Metrics struct {
	asked *prometheus.CounterVec
	took  prometheus.Histogram
}

// NewMetrics have counted nothing.
func NewMetrics() *Metrics {
	m := &Metrics{
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rlsguard_timelines_total",
			Help: "Timelines asked for on rls.patient, by outcome."}, []string{"outcome"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "rlsguard_timeline_seconds",
			Help:    "Time from reading a question for a timeline to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
	}
	for _, o := range []string{outcomeTold, outcomeUnreadable, outcomeUnknown, outcomeNotReady, outcomeFailed} {
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
