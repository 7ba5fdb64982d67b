package checks

import (
	"testing"

	"github.com/rlsguard/rlsguard/checks/silence"
)

func TestQuiet(t *testing.T) {
	off := false
	set := DefaultSettings()
	if got := set.Quiet(); got != nil {
		t.Errorf("by default: %v", got)
	}
	set.Checks = map[string]CheckSetting{"rls-snri": {Enabled: &off}, "rls-ssri": {Severity: "high"}}
	if got := set.Quiet(); len(got) != 1 || got[0] != (quietCheck{"rls-snri", silence.Off}) {
		t.Errorf("one is off: %v", got)
	}
	set.RequireApproved = true
	unapproved := 0
	for _, c := range Catalogue() {
		if c.Rule.Status != RuleApproved && c.ID != "rls-snri" {
			unapproved++
		}
	}
	reasons := map[silence.Reason]int{}
	for _, q := range set.Quiet() {
		reasons[q.Reason]++
	}
	if reasons[silence.Off] != 1 || reasons[silence.NotApproved] != unapproved {
		t.Errorf("approved ones only: %v", reasons)
	}
}
