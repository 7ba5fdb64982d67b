package fold

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

func onDay(year int, month time.Month, day int) moment.Time {
	return moment.Time{Nanos: time.Date(year, month, day, 0, 0, 0, 0, time.UTC).UnixNano(), Precision: moment.ToDay}
}

// A transition gives the flag's next as of its own time, by all that is known then, as a replay of
// the same events would.
func TestTransitionsTellWhatIsNext(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		e, m := engine(), NewMemory()
		for _, in := range events(r) {
			c, _ := e.Step(m, []Input{in}, asOf)
			m.apply(c)
			for _, f := range c.transitions() {
				var want ahead.Next
				for _, open := range checks.OpenFlags(m.State(f.Patient), e.Settings, e.Key, e.Ruleset, asOf) {
					if open.ID == f.ID && f.State != checks.Resolved {
						want = open.Next
					}
				}
				if f.Next != want {
					r.Fatalf("%s %s: next %+v, by all facts %+v", f.Check, f.Change, f.Next, want)
				}
			}
		}
	})
}

// A fact that only shifts the moment is no update: the published flag names the earlier moment, and
// whoever uses the facts learns the new one.
func TestAnotherNextAloneIsNoUpdate(t *testing.T) {
	e, m := engine(), NewMemory()
	first := order("MedicationRequest/1", "sertraline", "")
	first.Order.Authored = onDay(2026, 1, 2)
	step := func(seq uint64, f facts.Fact) []checks.Flag {
		c, _ := e.Step(m, []Input{arrives(seq, "Patient/1", f)}, asOf)
		m.apply(c)
		return c.transitions()
	}
	step(1, condition("Condition/1"))
	published := step(2, versioned(first, 1, ""))
	if len(published) != 1 || published[0].Next != (ahead.Next{At: onDay(2028, 1, 3), To: ahead.Milder}) {
		t.Fatalf("opened with next %+v", published)
	}
	second := first
	changed := *first.Order
	changed.Dosages = []facts.Dosage{{Bounds: facts.Period{End: onDay(2027, 3, 1)}}}
	second.Order = &changed
	if again := step(3, versioned(second, 2, "")); len(again) != 0 {
		t.Errorf("an update: %+v", again)
	}
	var next []ahead.Next
	for _, f := range checks.OpenFlags(m.State("Patient/1"), e.Settings, e.Key, e.Ruleset, asOf) {
		if f.Check == "rls-ssri" {
			next = append(next, f.Next)
		}
	}
	if d := cmp.Diff([]ahead.Next{{At: onDay(2027, 3, 2), To: ahead.Resolved}}, next); d != "" {
		t.Errorf("by the facts (-want +got)\n%s", d)
	}
}
