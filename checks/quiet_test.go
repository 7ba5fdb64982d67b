package checks

import "testing"

func TestQuiet(t *testing.T) {
	off := false
	set := DefaultSettings()
	if got := set.Quiet(); got != nil {
		t.Errorf("by default: %v", got)
	}
	set.Checks = map[string]CheckSetting{"rls-snri": {Enabled: &off}, "rls-ssri": {Severity: "high"}}
	if got := set.Quiet(); len(got) != 1 || got[0] != (QuietCheck{"rls-snri", SilentOff}) {
		t.Errorf("one is off: %v", got)
	}
	set.RequireApproved = true
	unapproved := 0
	for _, c := range Catalogue() {
		if c.Rule.Status != Approved && c.ID != "rls-snri" {
			unapproved++
		}
	}
	reasons := map[SilenceReason]int{}
	for _, q := range set.Quiet() {
		reasons[q.Reason]++
	}
	if reasons[SilentOff] != 1 || reasons[SilentNotApproved] != unapproved {
		t.Errorf("approved ones only: %v", reasons)
	}
}
