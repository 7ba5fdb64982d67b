package ordercheck

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rlsguard/rlsguard/consumers/asked"
	"github.com/rlsguard/rlsguard/consumers/commit"
)

// counts are what metrics have counted, and how often a time was taken.
func counts(t *testing.T, m *asked.Metrics) map[string]int {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(m)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for _, f := range families {
		for _, one := range f.GetMetric() {
			if h := one.GetHistogram(); h != nil {
				all["took"] += int(h.GetSampleCount())
			}
			for _, l := range one.GetLabel() {
				if n := int(one.GetCounter().GetValue()); n > 0 {
					all[l.GetValue()] = n
				}
			}
		}
	}
	return all
}

// Every question is counted under one outcome of a closed list, whatever it holds.
func TestOrderChecksAreCounted(t *testing.T) {
	known := Files{stored(t, bundle(adult, rlsCondition))}
	mirtazapine := order("d1", "draft", "mirtazapine")
	metrics := NewMetrics()
	want := map[string]int{}
	for i, c := range []struct {
		stored  Stored
		request string
		outcome string
	}{
		{known, mirtazapine, outcomeFlagged},
		{known, order("d1", "draft", "amoxicillin"), outcomeUnflagged},
		{known, `{"resourceType":"Zebrowski`, outcomeUnreadable},
		{known, bundle(rlsCondition), outcomeNoQuestion},
		{known, bundle(mirtazapine, strings.Replace(mirtazapine, "Patient/1", "Patient/Zebrowski", 1)),
			outcomeNoQuestion},
		{commit.NewKnown(), mirtazapine, outcomeNotReady},
		{broken{}, mirtazapine, outcomeFailed},
	} {
		checker := checker(nil)
		checker.Stored, checker.Metrics = c.stored, metrics
		want[c.outcome]++
		want["took"] = i + 1
		t.Run(fmt.Sprint(i, c.outcome), func(t *testing.T) {
			request(t, startService(t, checker), Subject, c.request, nil)
			got := counts(t, metrics)
			for end := time.Now().Add(10 * time.Second); !maps.Equal(want, got) &&
				time.Now().Before(end); time.Sleep(time.Millisecond) {
				got = counts(t, metrics) // it counts once the answer is out
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("counted (-want +got):\n%s", d)
			}
		})
	}
}
