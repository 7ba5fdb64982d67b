package health

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/silence"
)

var quietDesc = prometheus.NewDesc(
	"rlsguard_quiet_checks",
	"Checks that the settings keep from opening any flag, by reason.",
	[]string{"reason"},
	nil,
)

// quietChecks is a prometheus.Collector of how many checks are quiet.
type quietChecks map[silence.Reason]int

func quietOf(s *checks.Settings) quietChecks {
	n := quietChecks{silence.Off: 0, silence.NotApproved: 0}
	for _, q := range s.Quiet() {
		n[q.Reason]++
	}
	return n
}

// Describe implements prometheus.Collector.
func (q quietChecks) Describe(ch chan<- *prometheus.Desc) { ch <- quietDesc }

// Collect implements prometheus.Collector.
func (q quietChecks) Collect(ch chan<- prometheus.Metric) {
	for reason, n := range q {
		ch <- prometheus.MustNewConstMetric(quietDesc, prometheus.GaugeValue, float64(n), string(reason))
	}
}

// Quiet counts the checks that the settings keep from opening any flag, by reason, in the metrics.
func (h *Health) Quiet(s *checks.Settings) quietChecks {
	n := quietOf(s)
	h.metrics.registry.Unregister(n) // of an earlier use of the same Health
	h.metrics.registry.MustRegister(n)
	return n
}
