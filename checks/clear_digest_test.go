package checks

import (
	"testing"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// What would clear a flag may change with facts the flag does not mention. That is no transition,
// and the stored flag says what held at its own AsOf.
func TestAChangeOfClearsAloneIsNoUpdate(t *testing.T) {
	s := parseScenarios(t, `# one diagnosis, then a weaker one beside it
rls confirmed
lab ferritin 152 ng/mL 2026-10-24
lab tsat 31 % 2026-10-24
request active "sertraline 50 mg tablet" 2026-10-14
`)[0]
	set, key := DefaultSettings(), []byte("key")
	opened := decide(&s.st, set, key, "rules", s.AsOf)
	AddClears(&s.st, set, s.AsOf, opened)
	if len(opened) != 1 || len(opened[0].Clears) != 2 {
		t.Fatalf("opened %+v", opened)
	}
	s.st.Merge(facts.Fact{Ref: "Condition/x", Kind: facts.KindCondition, Condition: &facts.Condition{
		Code: facts.Concept{Texts: []string{"restless legs"}},
	}})
	if again := decide(&s.st, set, key, "rules", s.AsOf); len(again) != 0 {
		t.Errorf("updated: %+v", again)
	}
	now := OpenFlags(&s.st, set, key, "rules", s.AsOf)
	AddClears(&s.st, set, s.AsOf, now)
	if got := now[0].Clears[1]; len(got.Targets) != 2 {
		t.Errorf("both diagnoses have to go now, and %+v is said", got)
	}
	if now[0].Digest() != opened[0].Digest() {
		t.Error("the digest tells what would clear the flag")
	}
}

// Patients are told nothing of it, and a resolved flag needs none.
func TestWhoHasNoClears(t *testing.T) {
	s := parseScenarios(t, "# one\nrls confirmed\nrequest active \"sertraline 50 mg tablet\" 2026-10-14\n")[0]
	set := DefaultSettings()
	set.Audience = ForPatients
	for _, f := range clearsOf(s, set) {
		if len(f.Clears) > 0 {
			t.Errorf("a patient is told %+v", f.Clears)
		}
	}
	set = DefaultSettings()
	decide(&s.st, set, []byte("key"), "rules", s.AsOf)
	for i := range s.st.Facts {
		if o := s.st.Facts[i].Order; o != nil {
			o.Status = facts.StatusCancelled
		}
	}
	gone := decide(&s.st, set, []byte("key"), "rules", s.AsOf)
	AddClears(&s.st, set, s.AsOf, gone)
	for _, f := range gone {
		if f.State == Resolved && len(f.Clears) > 0 {
			t.Errorf("resolved, and would be cleared by %+v", f.Clears)
		}
	}
}
