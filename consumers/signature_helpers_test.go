package consumers

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// foreignSeen is how many foreign messages the metrics count.
func foreignSeen(t *testing.T, h *health.Health) (n float64) {
	t.Helper()
	for _, kind := range layout.MessageKinds() {
		n += number(h, `rlsguard_foreign_messages_total{kind="`+kind+`"}`)
	}
	return n
}

func memory(states map[facts.Ref]*checks.State) *fold.Memory {
	m := fold.NewMemory()
	m.States = states
	return m
}

func diffFlags(want, got []checks.Flag) string { return cmp.Diff(want, got) }

func hasReason(h *health.Health, reason string) bool { return slices.Contains(h.Reasons(), reason) }
