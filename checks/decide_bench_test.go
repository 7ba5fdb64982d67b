package checks

import (
	"fmt"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// BenchmarkDecide decides about patients with more and more facts; the time per fact has to stay the same. Half of the patients' facts are
// orders, the other half results. Where RLS is on record everything is looked at.
func BenchmarkDecide(b *testing.B) {
	for _, rls := range []bool{true, false} {
		for _, facts := range []int{10, 100, 1000} {
			st := manyFacts(facts, rls)
			set := DefaultSettings()
			at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			b.Run(fmt.Sprintf("rls=%t/facts=%d", rls, facts), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					now := *st
					DecideUntil(&now, set, []byte("key"), "ruleset", at)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*facts), "ns/fact")
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "patients/s")
			})
		}
	}
}

func manyFacts(n int, rls bool) *State {
	st := codecExample(uuidID)
	orders, results := st.Find(Ref("MedicationRequest/"+uuidID(1))), st.Find(Ref("Observation/"+uuidID(10)))
	diagnosis := st.Find(Ref("Condition/" + uuidID(20)))
	if !rls {
		diagnosis.Condition.Code.Codings = []terms.Coding{{System: terms.SNOMED, Code: "38341003"}}
	}
	many := &State{Patient: st.Patient}
	many.Merge(*diagnosis)
	for i := range n - 1 {
		f, kind := *orders, "MedicationRequest/"
		if i%2 > 0 {
			f, kind = *results, "Observation/"
		}
		f.Ref = Ref(kind + uuidID(100+i))
		many.Merge(f)
	}
	return many
}
