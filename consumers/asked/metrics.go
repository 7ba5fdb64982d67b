package asked

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count questions by outcome, and how long answers took. They are a prometheus.Collector; a
// nil Metrics counts nothing.
type Metrics struct {
	asked *prometheus.CounterVec
	took  prometheus.Histogram
}

// Named is a metric's name and what it says.
type Named struct{ Name, Help string }

// NewMetrics have counted nothing. Every outcome is there from the start, as 0.
func NewMetrics(asked, took Named, outcomes ...string) *Metrics {
	m := &Metrics{
		asked: prometheus.NewCounterVec(
			prometheus.CounterOpts{Name: asked.Name, Help: asked.Help}, []string{"outcome"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: took.Name, Help: took.Help, Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	for _, o := range outcomes {
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

// Count takes a question that was answered.
func (m *Metrics) Count(outcome string, took time.Duration) {
	if m == nil {
		return
	}
	m.asked.WithLabelValues(outcome).Inc()
	m.took.Observe(took.Seconds())
}
