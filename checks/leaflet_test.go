package checks

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everyFlag is one patient who triggers every check except the exclusive ones.
const everyFlag = `
# all
person female 1950-05-14
rls confirmed recorded 2026-01-02
lab ferritin 60 ng/mL 2026-10-24
lab egfr 40 mL/min/{1.73_m2} 2026-10-24
request active "sertraline 50 mg tablet" 2025-10-14
request active "amitriptyline 25 mg tablet" 2026-10-14
request active "lithium carbonate 300 mg capsule" 2026-10-14
request active "haloperidol 1 mg tablet" 2026-10-14
request active "diphenhydramine 25 mg tablet" 2026-10-14 as-needed
request active "venlafaxine 75 mg capsule" 2026-10-14
request active "mirtazapine 15 mg tablet" 2026-10-14
request active "metoclopramide 10 mg tablet" 2026-10-14
request active "ropinirole 1 mg tablet" 2026-10-14
request active "pregabalin 150 mg capsule" 2026-10-14 dose:150mg daily:3
request active "oxycodone 5 mg tablet" 2026-10-14
request active "gabapentin 300 mg capsule" 2026-01-14
request active "trimetazidine 35 mg tablet" 2026-10-14
request active x 2026-10-14 absent
# missing
rls provisional
request active "pregabalin 75 mg capsule" 2026-10-14
# stale
rls remission
lab ferritin 152 ng/mL 2025-10-24
lab tsat 31 % 2026-10-24
request active "gabapentin 300 mg capsule" 2026-10-14
# unusable
rls confirmed
lab ferritin 152 - 2026-10-24
lab tsat 31 % 2026-10-24
request active "gabapentin 300 mg capsule" 2026-10-14
# unchecked
rls confirmed
# older facts were left out
rls confirmed
lab ferritin 152 ng/mL 2026-10-24
request active "mirtazapine 15 mg tablet" 2026-10-14
cut orders
cut ferritin
cut body-weight
`

// The texts of every check, for both audiences, as people see them. Rewrite with RLSGUARD_UPDATE=1,
// and only if every changed line is meant.
func TestTexts(t *testing.T) {
	for _, audience := range []string{forProfessionals, ForPatients} {
		var b strings.Builder
		seen := map[string]bool{}
		for _, s := range parseScenarios(t, everyFlag) {
			set := DefaultSettings()
			set.Audience = audience
			for _, f := range Evaluate(&s.st, set, s.AsOf) {
				checkText(t, f)
				seen[f.Check] = true
				fmt.Fprintf(&b, "%s %s %s\n  %s\n  %s\n", f.Check, f.Ingredient, f.Severity, f.Summary, f.Action)
				for _, a := range f.Alternatives {
					fmt.Fprintf(&b, "  - %s\n", a)
				}
			}
		}
		for _, c := range Catalogue() {
			if !seen[c.ID] {
				t.Errorf("no text of %s", c.ID)
			}
		}
		golden(t, "testdata/texts-"+audience+".golden", b.String())
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("RLSGUARD_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
