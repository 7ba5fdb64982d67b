package settings

import (
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/terms"
)

// TestRuleset: equal settings have one hash, and everything that changes what is flagged changes
// it.
func TestRuleset(t *testing.T) {
	base := ruleset(checks.DefaultSettings(), "")
	if again := ruleset(checks.DefaultSettings(), ""); again != base {
		t.Errorf("two hashes of the same: %s, %s", base, again)
	}
	table, err := terms.New(terms.Options{Region: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	off := false
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{base: "the defaults"}
	for name, change := range map[string]func(*checks.Settings){
		"zone":      func(s *checks.Settings) { s.Zone = berlin },
		"tables":    func(s *checks.Settings) { s.Terms = table },
		"threshold": func(s *checks.Settings) { s.Iron.FerritinLow = s.Iron.TSATLow },
		"window":    func(s *checks.Settings) { s.Orders.OldAfterDays++ },
		"tail":      func(s *checks.Settings) { s.Orders.TailDays["fluoxetine"] = 1 },
		"switch": func(s *checks.Settings) {
			s.Checks = map[string]checks.CheckSetting{"rls-ssri": {Enabled: &off}}
		},
		"everyone": func(s *checks.Settings) { s.Everyone = true },
		"approved": func(s *checks.Settings) { s.RequireApproved = true },
		"renal":    func(s *checks.Settings) { s.Renal.CKDDays++ },
		"audience": func(s *checks.Settings) { s.Audience = checks.ForPatients },
	} {
		s := checks.DefaultSettings()
		change(s)
		got := ruleset(s, "")
		if other, ok := seen[got]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[got] = name
	}
	if ruleset(checks.DefaultSettings(), "https://fhir.example.org") == base {
		t.Error("a base does not show in the hash")
	}
}
