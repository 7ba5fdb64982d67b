package consumers

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rlsguard/rlsguard/checks"
)

var quietDesc = prometheus.NewDesc("rlsguard_quiet_checks", "Checks that the settings keep from opening any flag, by reason.", []string{"reason"}, nil)

// quietChecks is a prometheus.Collector of how many checks are quiet.
type quietChecks map[checks.SilenceReason]int

func quietOf(s *checks.Settings) quietChecks {
	n := quietChecks{checks.SilentOff: 0, checks.SilentNotApproved: 0}
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

// tellQuiet says which checks are quiet, in the log and the metrics: nobody should take their silence for safety.
func (c *Config) tellQuiet() {
	n := quietOf(c.Engine.Settings)
	c.Health.metrics.registry.Unregister(n) // of an earlier Serve with the same Health
	c.Health.metrics.registry.MustRegister(n)
	if off, unapproved := n[checks.SilentOff], n[checks.SilentNotApproved]; off+unapproved > 0 {
		c.Log.Warn().Int("quiet", off+unapproved).Int("checks", len(checks.Catalogue())).Int(string(checks.SilentOff), off).
			Int(string(checks.SilentNotApproved), unapproved).Msg("checks are quiet by the settings: they open no flag")
	}
}
