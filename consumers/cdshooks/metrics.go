package cdshooks

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
)

// Outcomes of a call, as its metric names them.
const (
	outcomeAnswered      = "answered"
	outcomeWithoutRecord = "without-record" // answered from what came with the request alone
	outcomeNotChecked    = "not-checked"    // a card says that the request cannot be checked
	outcomeBusy          = "busy"
	outcomeLate          = "late"
	outcomeFailed        = "failed"
	outcomeRefused       = "refused" // no token that is accepted
	outcomeUnreadable    = "unreadable"
)

var outcomes = []string{
	outcomeAnswered, outcomeWithoutRecord, outcomeNotChecked, outcomeBusy, outcomeLate, outcomeFailed, outcomeRefused,
	outcomeUnreadable,
}

// noCheck is the label of a card, or of feedback on one, that belongs to no check.
const noCheck = "none"

// Metrics count calls, cards and feedback. Labels come from closed lists, whatever a client sends.
// They are a prometheus.Collector; a nil Metrics counts nothing.
type Metrics struct {
	calls    *prometheus.CounterVec
	took     *prometheus.HistogramVec
	cards    *prometheus.CounterVec
	feedback *prometheus.CounterVec
}

// NewMetrics have counted nothing.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		calls: counter("rlsguard_cds_calls_total", "Calls of CDS Hooks services, by outcome.", "service", "outcome"),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "rlsguard_cds_call_seconds",
			Help:    "Time from a call of a CDS Hooks service to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 12)}, []string{"service"}),
		cards: counter("rlsguard_cds_cards_total",
			"Cards shown, by check and severity; none for notes, which no check makes.", "check", "severity"),
		feedback: counter("rlsguard_cds_feedback_total",
			"What users did with cards, by outcome and check.", "outcome", "check"),
	}
	for _, service := range hooks() {
		m.took.WithLabelValues(service)
		for _, o := range outcomes {
			m.calls.WithLabelValues(service, o)
		}
	}
	return m
}

func (m *Metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.calls, m.took, m.cards, m.feedback}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.all() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.all() {
		c.Collect(ch)
	}
}

// called counts a call of a service. Feedback is not one.
func (m *Metrics) called(r *http.Request, outcome string, began time.Time) {
	if m == nil || strings.HasSuffix(r.URL.Path, "/feedback") {
		return
	}
	service := strings.TrimPrefix(r.PathValue("id"), hook.ServicePrefix) // one of hooks: others are not found
	m.calls.WithLabelValues(service, outcome).Inc()
	m.took.WithLabelValues(service).Observe(time.Since(began).Seconds())
}

// shown counts cards that were sent.
func (m *Metrics) shown(cards []Card) {
	if m == nil {
		return
	}
	for i := range cards {
		check, severity := noCheck, noCheck
		if f, ok := cards[i].Extension[extensionFlag].(flagExtension); ok {
			check, severity = knownCheck(f.Check), f.Severity
		}
		m.cards.WithLabelValues(check, severity).Inc()
	}
}

// answered counts feedback that was stored.
func (m *Metrics) answered(f *Feedback) {
	if m != nil {
		m.feedback.WithLabelValues(f.Outcome, knownCheck(f.Check)).Inc()
	}
}

// knownCheck is a check of the catalogue: what is read from the bus may name another.
func knownCheck(id string) string {
	if slices.ContainsFunc(checks.Catalogue(), func(c checks.Check) bool { return c.ID == id }) {
		return id
	}
	return noCheck
}
