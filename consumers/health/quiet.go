package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/silence"
)

var (
	quietDesc = prometheus.NewDesc(
		"rlsguard_quiet_checks",
		"Checks that the settings keep from opening any flag, by reason.",
		[]string{"reason"},
		nil,
	)
	rulesDesc = prometheus.NewDesc(
		"rlsguard_rules",
		"Rules by how far their review has come: submitted, under review, approved, overdue (its next review has "+
			"passed) "+
			"or void (it was approved otherwise than it is in force).",
		[]string{"status"},
		nil,
	)
)

// quietChecks is a prometheus.Collector of how many checks are quiet, and of the review of all.
type quietChecks struct {
	settings *checks.Settings
	by       map[silence.Reason]int
}

func quietOf(s *checks.Settings) quietChecks {
	n := map[silence.Reason]int{silence.Off: 0, silence.NotApproved: 0}
	for _, q := range s.Quiet() {
		n[q.Reason]++
	}
	return quietChecks{s, n}
}

// Describe implements prometheus.Collector.
func (q quietChecks) Describe(ch chan<- *prometheus.Desc) {
	ch <- quietDesc
	ch <- rulesDesc
}

// Collect implements prometheus.Collector.
func (q quietChecks) Collect(ch chan<- prometheus.Metric) {
	for reason, n := range q.by {
		ch <- prometheus.MustNewConstMetric(quietDesc, prometheus.GaugeValue, float64(n), string(reason))
	}
	rules := map[checks.RuleStatus]int{
		checks.RuleSubmitted: 0, checks.RuleUnderReview: 0, checks.RuleApproved: 0, checks.RuleOverdue: 0,
		checks.RuleVoid: 0,
	}
	today := time.Now()
	for _, c := range checks.Catalogue() {
		rules[q.settings.RuleOf(c).StatusOn(today)]++
	}
	for status, n := range rules {
		ch <- prometheus.MustNewConstMetric(rulesDesc, prometheus.GaugeValue, float64(n), string(status))
	}
}

// Quiet counts the checks that the settings keep from opening any flag, by reason, in the metrics.
func (h *Health) Quiet(s *checks.Settings) map[silence.Reason]int {
	n := quietOf(s)
	h.metrics.registry.Unregister(n) // of an earlier use of the same Health
	h.metrics.registry.MustRegister(n)
	return n.by
}
