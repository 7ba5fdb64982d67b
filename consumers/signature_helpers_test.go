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
	for _, kind := range health.ForeignKinds {
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

// The metrics know every kind of message.
func TestForeignKinds(t *testing.T) {
	for _, subject := range []string{layout.SubjectSite, layout.SubjectTally, layout.SubjectPatient,
		layout.SubjectInputs,
		layout.SubjectCommitFlags, layout.SubjectFlags, layout.SubjectAudit, layout.SubjectTimer, layout.SubjectDue} {
		if kind := layout.KindOfMessage(subject + "x"); !slices.Contains(health.ForeignKinds, kind) {
			t.Errorf("%s: %s", subject, kind)
		}
	}
}
