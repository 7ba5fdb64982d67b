package checks

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/facts"
)

var testKey = []byte("0123456789abcdef")

// story is a patient's history: each step changes facts, then lists the transitions expected.
type story struct {
	t   *testing.T
	st  State
	set *Settings
	now time.Time
	n   int64
}

func newStory(t *testing.T) *story {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	return &story{t: t, st: State{Patient: "Patient/1"}, set: DefaultSettings(), now: now}
}

// fact takes in a scenario line as a newer version of the resource ref.
func (s *story) fact(ref facts.Ref, line string) {
	s.t.Helper()
	one := parseScenarios(s.t, "# one\n"+line)[0]
	s.n++
	f := one.st.Facts[0]
	f.Ref, f.Version = ref, facts.Version{Number: "1", Updated: s.now.UnixNano() + s.n}
	s.st.Merge(f)
}

func (s *story) mark(ref facts.Ref, why facts.MarkReason) {
	s.n++
	s.st.Merge(
		facts.Fact{Ref: ref, Kind: facts.KindMark, Mark: why, Version: facts.Version{Updated: s.now.UnixNano() + s.n}},
	)
}

func (s *story) expect(want ...string) []Flag {
	s.t.Helper()
	flags := decide(&s.st, s.set, testKey, "rules-1", s.now)
	var got []string
	for _, f := range flags {
		line := fmt.Sprintf("%d %s %s %s %s", f.Number, f.Change, f.Check, f.Severity, f.State)
		if f.Reason != "" {
			line += " " + string(f.Reason)
		}
		got = append(got, line)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("transitions (-want +got):\n%s", diff)
	}
	if again := decide(&s.st, s.set, testKey, "rules-1", s.now.Add(time.Second)); len(again) > 0 {
		s.t.Errorf("a second look a second later gives %d transitions: %+v", len(again), again[0])
	}
	return flags
}

func TestStoryOfOneFlag(t *testing.T) {
	s := newStory(t)
	s.fact("Observation/1", "lab ferritin 152 ng/mL 2026-10-24")
	s.fact("MedicationRequest/1", "request active rx:312938 2026-10-14")
	s.expect()
	s.fact("Condition/1", "rls provisional")
	first := s.expect("1 opened rls-ssri low open")
	s.fact("Condition/1", "rls confirmed")
	s.expect("2 moved rls-ssri low resolved", "3 updated rls-ssri moderate open")
	s.fact("MedicationRequest/2", "request active rx:312938 2026-11-14")
	s.expect("4 updated rls-ssri moderate open")
	s.fact("MedicationRequest/1", "request stopped rx:312938 2026-10-14")
	s.expect("5 updated rls-ssri moderate open")
	s.fact("MedicationRequest/2", "request stopped rx:312938 2026-11-14")
	s.expect("6 resolved rls-ssri moderate resolved order-stopped")
	s.fact("MedicationRequest/2", "request active rx:312938 2026-11-14")
	last := s.expect("7 opened rls-ssri moderate open")
	if first[0].ID != last[0].ID {
		t.Errorf("the flag changed its id from %s to %s", first[0].ID, last[0].ID)
	}
}

func TestReasonsOfResolvedFlags(t *testing.T) {
	for want, change := range map[Reason]func(*story){
		reasonOrderStopped: func(s *story) { s.fact("MedicationRequest/1", "request on-hold rx:312938 2026-10-14") },
		ReasonSupplyEnded: func(s *story) {
			s.fact("MedicationRequest/1",
				"request completed rx:312938 2026-08-14 supply:30")
		},
		ReasonEnteredInError: func(s *story) { s.mark("MedicationRequest/1", facts.MarkEnteredInError) },
		reasonMovedPatient:   func(s *story) { s.mark("MedicationRequest/1", facts.MarkMoved) },
		reasonDrugChanged: func(s *story) {
			s.fact("MedicationRequest/1",
				`request active "amlodipine 5 mg" 2026-10-14`)
		},
		reasonRLSRefuted: func(s *story) { s.fact("Condition/1", "rls refuted") },
	} {
		t.Run(string(want), func(t *testing.T) {
			s := newStory(t)
			s.fact("Condition/1", "rls confirmed")
			s.fact("Observation/1", "lab ferritin 152 ng/mL 2026-10-24")
			s.fact("MedicationRequest/1", "request active rx:312938 2026-10-14")
			s.expect("1 opened rls-ssri moderate open")
			change(s)
			s.expect("2 resolved rls-ssri moderate resolved " + string(want))
		})
	}
}

func TestRulesetChangeIsTold(t *testing.T) {
	s := newStory(t)
	s.fact("Condition/1", "rls confirmed")
	s.fact("Observation/1", "lab ferritin 152 ng/mL 2026-10-24")
	s.fact("MedicationRequest/1", "request active rx:312938 2026-10-14")
	s.expect("1 opened rls-ssri moderate open")
	off := false
	s.set.Checks = map[string]CheckSetting{"rls-ssri": {Enabled: &off}}
	flags := decide(&s.st, s.set, testKey, "rules-2", s.now)
	if len(flags) != 1 || flags[0].Reason != reasonRulesetChanged {
		t.Errorf("wanted one flag resolved by the ruleset, got %+v", flags)
	}
}

func TestAcknowledgementHoldsWhileItsBasisDoes(t *testing.T) {
	s := newStory(t)
	s.fact("Condition/1", "rls confirmed")
	s.fact("Observation/1", "lab ferritin 152 ng/mL 2026-10-24")
	s.fact("MedicationRequest/1", "request active rx:312938 2026-10-14 as-needed")
	f := s.expect("1 opened rls-ssri low open")[0]
	ack := &facts.Acknowledgement{
		FlagID:   f.ID,
		Basis:    f.Basis,
		Override: true,
		Reason:   "will-monitor",
		Date:     day("2026-11-22"),
		Until:    day("2026-12-31"),
	}
	s.st.Merge(facts.Fact{Ref: "DetectedIssue/1", Kind: facts.KindAcknowledgement, Acknowledgement: ack})
	s.expect("2 overridden rls-ssri low overridden")
	s.fact("MedicationRequest/2", "request active rx:312938 2026-11-14 as-needed")
	s.expect("3 updated rls-ssri low overridden")
	s.fact("MedicationRequest/2", "request active rx:312938 2026-11-14")
	s.expect("4 moved rls-ssri low resolved", "5 updated rls-ssri moderate open")
	s.fact("MedicationRequest/2", "request cancelled rx:312938 2026-11-14")
	s.expect("6 moved rls-ssri moderate resolved", "7 updated rls-ssri low overridden")
	s.now = s.now.AddDate(0, 2, 0)
	s.expect("8 updated rls-ssri low open")
}

func TestNextChangeIsWhenSomethingChanges(t *testing.T) {
	s := newStory(t)
	s.fact("Condition/1", "rls confirmed")
	s.fact("Observation/1", "lab ferritin 152 ng/mL 2026-10-24")
	s.fact("MedicationRequest/1", "request completed rx:312938 2026-11-01T08:00:00Z supply:30")
	s.expect("1 opened rls-ssri moderate open")
	for range 50 {
		next, ok := NextChange(&s.st, s.set, s.now)
		if !ok {
			t.Fatal("nothing changes any more, but the supply never ended")
		}
		if !next.After(s.now) {
			t.Fatalf("next change %s is not after %s", next, s.now)
		}
		before := Evaluate(&s.st, s.set, next.Add(-time.Nanosecond))
		if diff := cmp.Diff(Evaluate(&s.st, s.set, s.now), before); diff != "" {
			t.Fatalf("something changed before the next change at %s:\n%s", next, diff)
		}
		s.now = next
		if len(Evaluate(&s.st, s.set, next)) == 0 {
			if want := "2026-12-08T08:00:00Z"; next.Format(time.RFC3339) != want {
				t.Errorf("the supply ended at %s, not at %s", next.Format(time.RFC3339), want)
			}
			return
		}
	}
	t.Fatal("the supply never ended")
}
