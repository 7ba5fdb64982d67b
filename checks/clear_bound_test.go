package checks

import (
	"fmt"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// A patient with thousands of orders costs a bounded number of evaluations, and the flags say that
// more could have been tried; a typical patient costs few.
func TestEvaluationsAreBounded(t *testing.T) {
	asOf := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		orders int
		most   int
		cut    bool
	}{{2, 16, false}, {5000, 16, true}} {
		st := &State{Patient: "Patient/p"}
		st.Merge(facts.Fact{Ref: "Condition/c", Kind: facts.KindCondition, Condition: &facts.Condition{
			Code: facts.Concept{Texts: []string{"restless legs syndrome"}},
		}})
		for i := range c.orders {
			drug := facts.Drug{Names: []string{[]string{"gabapentin", "oxycodone"}[i%2]}}
			st.Facts = append(st.Facts, facts.Fact{
				Ref: facts.Ref(fmt.Sprintf("MedicationRequest/%06d", i)), Kind: facts.KindOrder,
				Order: &facts.Order{Status: facts.StatusActive, Drug: drug},
			})
		}
		set := DefaultSettings()
		flags := OpenFlags(st, set, []byte("key"), "rules", asOf)
		if len(flags) != 2 {
			t.Fatalf("%d flags", len(flags))
		}
		w := newWhatIf(st, set, asOf)
		for i := range flags {
			list, cut := w.clears(&flags[i])
			if cut != c.cut || len(list) == 0 {
				t.Errorf("%d orders: %s cut %t, %d changes", c.orders, flags[i].Check, cut, len(list))
			}
			for _, change := range list {
				if len(change.Targets) > 20 {
					t.Errorf("%s names %d orders", change.Text, len(change.Targets))
				}
			}
		}
		if w.runs > c.most {
			t.Errorf("%d orders: %d evaluations, at most %d", c.orders, w.runs, c.most)
		}
		t.Logf("%d orders: %d evaluations", c.orders, w.runs)
	}
}
