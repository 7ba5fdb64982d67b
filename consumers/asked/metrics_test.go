package asked

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Every outcome is there before it happened, and what was counted is counted and timed once.
func TestMetrics(t *testing.T) {
	m := NewMetrics(
		Named{"rlsguard_test_questions_total", "Questions."}, Named{"rlsguard_test_question_seconds", "Time."},
		"told", "failed",
	)
	m.Count("told", time.Second)
	m.Count("told", time.Second)
	var none *Metrics
	none.Count("told", time.Second)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, f := range families {
		for _, one := range f.Metric {
			name := f.GetName()
			for _, l := range one.Label {
				name += " " + l.GetValue()
			}
			found[name] = one.GetCounter().GetValue() + float64(one.GetHistogram().GetSampleCount())
		}
	}
	for name, n := range map[string]float64{
		"rlsguard_test_questions_total told": 2, "rlsguard_test_questions_total failed": 0,
		"rlsguard_test_question_seconds": 2,
	} {
		if got, ok := found[name]; !ok || got != n {
			t.Errorf("%s is %v, %v", name, got, ok)
		}
	}
}
