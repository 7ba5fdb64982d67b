package health

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

// metrics of one consumer. Labels come from closed lists only, so that nothing of a payload can get
// into them and their number is bounded.
type metrics struct {
	registry   *prometheus.Registry
	outcomes   *prometheus.CounterVec
	rejections *prometheus.CounterVec
	partly     *prometheus.CounterVec
	batches    prometheus.Histogram
	decided    prometheus.Histogram
	commits    prometheus.Histogram
	messages   prometheus.Histogram
	conflicts  prometheus.Counter
	linked     prometheus.Counter
	lost       lossCounts
	latency    prometheus.Histogram
	startsOver *prometheus.CounterVec
	foreign    *prometheus.CounterVec
	seen       *seen

	mu      sync.Mutex
	copy    Counted
	ruleset string
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		outcomes: prometheus.NewCounterVec(
			prometheus.CounterOpts{Name: "rlsguard_resources_total", Help: "Resources received, by outcome."},
			[]string{"outcome"},
		),
		rejections: prometheus.NewCounterVec(
			prometheus.CounterOpts{Name: "rlsguard_rejections_total", Help: "Resources rejected, by reason."},
			[]string{"reason"},
		),
		partly: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rlsguard_partly_read_total",
			Help: "Places of resources that were there and could not be read, by resource type and element."},
			[]string{"type", "element"}),
		batches: histogram(
			"rlsguard_batch_inputs",
			"Inputs decided together.",
			prometheus.ExponentialBuckets(1, 4, 6),
		),
		decided: histogram(
			"rlsguard_batch_seconds",
			"Time from having a batch to having it committed.",
			prometheus.ExponentialBuckets(0.001, 2, 14),
		),
		commits: histogram(
			"rlsguard_commit_seconds",
			"Time of one commit.",
			prometheus.ExponentialBuckets(0.0005, 2, 14),
		),
		messages: histogram(
			"rlsguard_commit_messages",
			"Messages in one commit.",
			prometheus.ExponentialBuckets(1, 4, 6),
		),
		conflicts: prometheus.NewCounter(
			prometheus.CounterOpts{
				Name: "rlsguard_commit_conflicts_total",
				Help: "Commits refused since another instance wrote the same patient.",
			},
		),
		linked: prometheus.NewCounter(
			prometheus.CounterOpts{
				Name: "rlsguard_linked_patients_total",
				Help: "Patient resources with a link to another patient: merges are not followed.",
			},
		),
		latency: histogram("rlsguard_event_to_flag_seconds",
			"Time from storing an input to committing its decision, which publishes its flags.",
			prometheus.ExponentialBuckets(0.002, 2, 22)),
		startsOver: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rlsguard_starts_over_total",
			Help: "How often the consumer gave up and started over, by reason."}, []string{"reason"}),
		foreign: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rlsguard_foreign_messages_total",
			Help: "Messages in the stream RLS that rlsguard did not write, or older ones put back, by kind. None was " +
				"used."},
			[]string{"kind"}),
		seen: &seen{},
	}
	for _, o := range fold.Outcomes {
		m.outcomes.WithLabelValues(string(o))
	}
	for _, r := range causes {
		m.startsOver.WithLabelValues(r)
	}
	for _, kind := range ForeignKinds {
		m.foreign.WithLabelValues(kind)
	}
	m.registry.MustRegister(
		m.foreign,
		m.outcomes,
		m.rejections,
		m.partly,
		m.batches,
		m.decided,
		m.commits,
		m.messages,
		m.conflicts,
		m.linked,
		m.latency,
		m.startsOver,
		m.seen,
		m,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

var (
	openDesc = prometheus.NewDesc(
		"rlsguard_open_flags",
		"Open flags, by check and severity.",
		[]string{"check", "severity"},
		nil,
	)
	cutDesc = prometheus.NewDesc(
		"rlsguard_cut_patients",
		"Patients of whom older facts were left out, by the kind of facts.",
		[]string{"kind"},
		nil,
	)
	lostDesc = prometheus.NewDesc(
		"rlsguard_inputs_lost_total",
		"Inputs that left the stream FHIR before they were decided, as stored.",
		nil,
		nil,
	)
	lostOpenDesc = prometheus.NewDesc(
		"rlsguard_inputs_lost_unacknowledged",
		"Those of them that no operator has acknowledged.",
		nil,
		nil,
	)
	patientsDesc = prometheus.NewDesc("rlsguard_patients", "Patients of whom something is known.", nil, nil)
)

// Describe implements prometheus.Collector for what is counted in the working copy.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- openDesc
	ch <- patientsDesc
	ch <- cutDesc
	ch <- lostDesc
	ch <- lostOpenDesc
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	m.mu.Lock()
	c, lost := m.copy, m.lost
	m.mu.Unlock()
	if lost.known {
		ch <- prometheus.MustNewConstMetric(lostDesc, prometheus.CounterValue, float64(lost.total))
		ch <- prometheus.MustNewConstMetric(lostOpenDesc, prometheus.GaugeValue, float64(lost.open))
	}
	if c == nil {
		return
	}
	c.Counts(func(n Counts) {
		ch <- prometheus.MustNewConstMetric(patientsDesc, prometheus.GaugeValue, float64(n.Patients))
		for kind, patients := range n.Cut {
			ch <- prometheus.MustNewConstMetric(cutDesc, prometheus.GaugeValue, float64(patients), kind)
		}
		for k, flags := range n.Open {
			ch <- prometheus.MustNewConstMetric(openDesc, prometheus.GaugeValue, float64(flags), k.Check,
				k.Severity.String())
		}
	})
}

// Counted is what an instance knows, as far as the metrics count it.
type Counted interface {
	// Counts calls do with what is known now; do must not keep the maps.
	Counts(do func(Counts))
}

// Counts of what is known.
type Counts struct {
	Patients int
	Open     map[FlagKind]int
	Cut      map[string]int // patients of whom older facts were left out, by the kind of facts
}

// FlagKind is what open flags are counted by.
type FlagKind struct {
	Check    string
	Severity checks.Severity
}

// lossCounts are what the record of inputs says.
type lossCounts struct {
	known       bool
	total, open uint64
}

// Losses tells how many inputs were lost, how many of these nobody has acknowledged, and what to do
// about those; "" when there are none.
func (h *Health) Losses(total, open uint64, notice string) {
	h.metrics.mu.Lock()
	h.metrics.lost = lossCounts{known: true, total: total, open: open}
	h.metrics.mu.Unlock()
	h.Notice("inputs-lost", notice)
}

// Show makes the metrics count what c has; nil is nothing.
func (h *Health) Show(c Counted) {
	h.metrics.mu.Lock()
	defer h.metrics.mu.Unlock()
	h.metrics.copy = c
}

func (h *Health) Batch(inputs int, took time.Duration, results []fold.Result) {
	m := h.metrics
	m.batches.Observe(float64(inputs))
	m.decided.Observe(took.Seconds())
	counts := map[fold.Outcome]int{}
	for i := range results {
		counts[results[i].Outcome]++
		if results[i].Linked && results[i].Outcome == fold.Applied {
			m.linked.Inc()
		}
		if results[i].Outcome == fold.Rejected {
			m.rejections.WithLabelValues(string(results[i].Reason)).Inc()
		}
		for _, u := range results[i].Unread {
			m.partly.WithLabelValues(results[i].Type, u.Element).Inc()
		}
	}
	for o, n := range counts {
		m.outcomes.WithLabelValues(string(o)).Add(float64(n))
	}
}

func (h *Health) Conflict() { h.metrics.conflicts.Inc() }

func (h *Health) Committed(messages int, took time.Duration) {
	h.metrics.messages.Observe(float64(messages))
	h.metrics.commits.Observe(took.Seconds())
}

// Decided tells when an input was stored whose decision is committed now; zero is not known.
func (h *Health) Decided(stored, now time.Time) {
	if !stored.IsZero() {
		h.metrics.latency.Observe(max(0, now.Sub(stored).Seconds())) // two clocks
	}
}
