package checks

import (
	"testing"
	"time"
)

// When a patient dies, the flags are resolved with that reason; none is open on the wrong side of
// the date.
func TestStoryOfADeath(t *testing.T) {
	s := newStory(t)
	s.fact("Observation/1", "lab ferritin 152 ng/mL 2026-10-24")
	s.fact("Condition/1", "rls confirmed")
	s.fact("MedicationRequest/1", "request active rx:312938 2026-10-14")
	s.expect("1 opened rls-ssri moderate open")
	s.fact("Patient/1", "person female 1950-05-14 died 2026-11-24")
	s.expect()
	if next, ok := NextChange(&s.st, s.set, s.now); !ok || !next.Equal(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("next %v %v", next, ok)
	}
	s.now = s.now.AddDate(0, 0, 1)
	s.expect("2 resolved rls-ssri moderate resolved patient-died")
	s.fact("Patient/1", "person female 1950-05-14")
	s.expect("3 opened rls-ssri moderate open")
}

// A flag about two drugs ends with either of them.
func TestStoryOfPairs(t *testing.T) {
	s := newStory(t)
	s.fact("Observation/1", "lab ferritin 152 ng/mL 2026-10-24")
	s.fact("Observation/2", "lab tsat 31 % 2026-10-24")
	s.fact("Condition/1", "rls confirmed")
	s.fact("MedicationRequest/1", `request active "gabapentin 300 mg capsule" 2026-01-14`)
	s.fact("MedicationRequest/2", `request active "pregabalin 75 mg capsule" 2026-02-14`)
	s.fact("MedicationRequest/3", `request active "oxycodone 5 mg tablet" 2026-02-14`)
	s.expect(
		"1 opened gabapentinoid-duplicate moderate open",
		"1 opened gabapentinoid-respiratory-depression high open",
		"1 opened gabapentinoid-respiratory-depression high open",
	)
	s.fact("MedicationRequest/3", `request stopped "oxycodone 5 mg tablet" 2026-02-14`)
	s.expect(
		"2 resolved gabapentinoid-respiratory-depression high resolved order-stopped",
		"2 resolved gabapentinoid-respiratory-depression high resolved order-stopped",
	)
	s.fact("MedicationRequest/1", `request stopped "gabapentin 300 mg capsule" 2026-01-14`)
	s.expect("2 resolved gabapentinoid-duplicate moderate resolved order-stopped")
}

// Time alone ends milder severities: a switch after 28 days, iron being replaced when its repeat is
// due, new treatment after 90 days.
func TestWhatTimeAloneChanges(t *testing.T) {
	s := newStory(t)
	s.now = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	s.fact("Observation/1", "lab ferritin 40 ng/mL 2026-10-24")
	s.fact("Observation/2", "lab tsat 31 % 2026-10-24")
	s.fact("Condition/1", "rls confirmed")
	s.fact("MedicationRequest/1", `request active "gabapentin 300 mg capsule" 2026-01-14`)
	s.fact("MedicationRequest/2", `request active "pregabalin 75 mg capsule" 2026-11-14`)
	s.fact("MedicationRequest/3", `request active "ferrous sulfate 325 mg tablet" 2026-10-30`)
	s.expect("1 opened gabapentinoid-duplicate low open", "1 opened iron-low low open")
	for _, step := range []struct {
		at   time.Time
		want []string
	}{
		{time.Date(2026, 12, 12, 0, 0, 0, 0, time.UTC), []string{"2 moved gabapentinoid-duplicate low resolved",
			"3 updated gabapentinoid-duplicate moderate open"}},
		{time.Date(2027, 1, 22, 0, 0, 0, 0, time.UTC), []string{"2 moved iron-low low resolved",
			"3 updated iron-low moderate open"}},
	} {
		next, ok := NextChange(&s.st, s.set, s.now)
		if !ok || next.After(step.at) {
			t.Fatalf("next change %v, want none after %v", next, step.at)
		}
		s.now = step.at.Add(-2 * time.Second)
		s.expect()
		s.now = step.at
		s.expect(step.want...)
	}
}

// A setting runs the three checks about harm for everyone.
func TestGabapentinoidChecksForEveryone(t *testing.T) {
	s := parseScenarios(t, `# x
lab egfr 20 mL/min/{1.73_m2} 2026-10-24
request active "gabapentin 300 mg capsule" 2026-01-14 dose:300mg daily:3
request active "pregabalin 75 mg capsule" 2026-02-14
request active "oxycodone 5 mg tablet" 2026-02-14
request active "sertraline 50 mg tablet" 2026-02-14`)[0]
	set := DefaultSettings()
	if f := Evaluate(&s.st, set, s.AsOf); len(f) > 0 {
		t.Errorf("without RLS: %v", f)
	}
	set.Everyone = true
	seen := map[string]int{}
	for _, f := range Evaluate(&s.st, set, s.AsOf) {
		seen[f.Check]++
		if len(f.Counsel) > 0 {
			t.Errorf("%s counsels on RLS", f.Check)
		}
	}
	if len(seen) != 3 || seen[checkDuplicate] != 1 || seen[checkPair] != 2 || seen[checkRenalDose] != 2 {
		t.Errorf("%v", seen)
	}
}
