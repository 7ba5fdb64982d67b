package health

import (
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	readyDesc = prometheus.NewDesc("rlsguard_ready",
		"1 while the instance is ready, as /readyz says; else 0.", nil, nil)
	notReadyDesc = prometheus.NewDesc("rlsguard_not_ready",
		"1 for each reason why the instance is not ready, 0 for the others.", []string{"reason"}, nil)
	buildDesc = prometheus.NewDesc("rlsguard_build_info",
		"Always 1: the build.", []string{"version", "commit", "go"}, nil)
	rulesetDesc = prometheus.NewDesc("rlsguard_ruleset_info",
		"Always 1: hash of the tables, rules, texts and settings that flags are raised by.", []string{"hash"}, nil)
)

// readyMetrics is what /readyz says, as metrics, and what runs.
type readyMetrics struct{ health *Health }

// Describe implements prometheus.Collector.
func (r readyMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{readyDesc, notReadyDesc, buildDesc, rulesetDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (r readyMetrics) Collect(ch chan<- prometheus.Metric) {
	reasons := r.health.Reasons()
	ch <- prometheus.MustNewConstMetric(readyDesc, prometheus.GaugeValue, oneIf(len(reasons) == 0))
	for _, reason := range NotReady {
		is := oneIf(slices.Contains(reasons, reason))
		ch <- prometheus.MustNewConstMetric(notReadyDesc, prometheus.GaugeValue, is, reason)
	}
	version, commit := build()
	ch <- prometheus.MustNewConstMetric(buildDesc, prometheus.GaugeValue, 1, version, commit, runtime.Version())
	m := r.health.metrics
	m.mu.Lock()
	ruleset := m.ruleset
	m.mu.Unlock()
	if ruleset != "" {
		ch <- prometheus.MustNewConstMetric(rulesetDesc, prometheus.GaugeValue, 1, ruleset)
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// build is the version of the module and the commit it was built from, as far as the toolchain
// noted them.
func build() (version, commit string) {
	version, commit = "unknown", "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, commit
	}
	if info.Main.Version != "" {
		version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	return version, commit
}
