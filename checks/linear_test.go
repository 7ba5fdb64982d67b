package checks

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// TestCostFollowsOrders holds that allocation grows with the number of orders, not of their
// combinations.
func TestCostFollowsOrders(t *testing.T) {
	for _, drugs := range [][2]string{{"gabapentin", "oxycodone"}, {"gabapentin", "pregabalin"},
		{"pramipexole", "haloperidol"}} {
		t.Run(drugs[0]+" and "+drugs[1], func(t *testing.T) {
			const small = 400
			least := allocated(func() { decideOrders(small, drugs) })
			for _, times := range []int{2, 4} {
				got := allocated(func() { decideOrders(times*small, drugs) })
				if most := float64(least) * math.Pow(float64(times), 1.15); float64(got) > most {
					t.Errorf(
						"%d orders take %d bytes, %d take %d: more than %.0f",
						small,
						least,
						times*small,
						got,
						most,
					)
				}
			}
		})
	}
}

// decideOrders decides for a patient with RLS and n orders, of two drugs in turn, and resolves what
// they open.
func decideOrders(n int, drugs [2]string) {
	set := DefaultSettings()
	asOf := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	st := &State{Patient: "Patient/p"}
	st.Merge(
		facts.Fact{
			Ref:       "Condition/c",
			Kind:      facts.KindCondition,
			Condition: &facts.Condition{Code: facts.Concept{Texts: []string{"restless legs syndrome"}}},
		},
	)
	for i := range n {
		st.Facts = append(
			st.Facts,
			facts.Fact{Ref: facts.Ref(fmt.Sprintf("MedicationRequest/%06d", i)), Kind: facts.KindOrder,
				Order: &facts.Order{Status: facts.StatusActive, Drug: facts.Drug{Names: []string{drugs[i%2]}}}},
		)
	}
	decide(st, set, []byte("key"), "rules", asOf)
	for i := range st.Facts {
		if o := st.Facts[i].Order; o != nil {
			o.Status = facts.StatusStopped
		}
	}
	decide(st, set, []byte("key"), "rules", asOf.AddDate(1, 0, 0))
}

// allocated is the number of bytes do allocates.
func allocated(do func()) uint64 {
	do() // one-off allocations
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
