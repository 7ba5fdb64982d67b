package checks

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

func TestIronNeed(t *testing.T) {
	const ok = "2502-3 30 % 2026-11-01T08:00:00Z"
	all := []labs.Analyte{labs.Ferritin, labs.Iron, labs.TIBC}
	for name, test := range map[string]struct {
		labs   []string
		need   IronNeed
		wanted []labs.Analyte
	}{
		"nothing seen":     {nil, IronNeed{Check: checkIronMissing, Ferritin: LabMissing, TSAT: LabMissing}, all},
		"ferritin missing": {[]string{ok}, IronNeed{Check: checkIronMissing, Ferritin: LabMissing, TSAT: labFine}, all},
		"no unit": {[]string{ok, "2276-4 200 - 2026-11-01T08:00:00Z"}, IronNeed{Check: checkIronUnusable,
			Ferritin: LabUnusable, TSAT: labFine}, all},
		"old": {[]string{"2276-4 200 ng/mL 2024-11-01T08:00:00Z", ok}, IronNeed{Check: checkIronStale,
			Ferritin: LabOld, TSAT: LabOld}, all},
		"pending": {[]string{ok, "2276-4 absent - 2026-11-20T08:00:00Z registered"},
			IronNeed{Check: checkIronMissing, Ferritin: labAwaited, TSAT: labFine}, nil},
		"low": {[]string{"2276-4 60 ng/mL 2026-11-01T08:00:00Z", ok}, IronNeed{Check: checkIronLow}, nil},
		"low, no TSAT": {[]string{"2276-4 60 ng/mL 2026-11-01T08:00:00Z"}, IronNeed{Check: checkIronLow,
			Ferritin: labFine, TSAT: LabMissing}, []labs.Analyte{labs.Iron, labs.TIBC}},
		"fine": {[]string{"2276-4 200 ng/mL 2026-11-01T08:00:00Z", ok}, IronNeed{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := ironOf(labState(t, test.labs...), labAsOf, func(in *ironInput) { in.Alpha2Delta = true }).Need
			if diff := cmp.Diff(test.need, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.wanted, got.Wanted()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
