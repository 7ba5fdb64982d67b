package checks

import (
	"fmt"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// BenchmarkDecide decides for patients with more and more facts; the time per fact must stay the
// same. Half of the facts are orders, half results. With RLS on record, everything is evaluated.
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
	at := moment.Instant(time.Date(2026, 3, 14, 8, 15, 0, 0, time.UTC))
	order := facts.Fact{Kind: facts.KindOrder, Order: &facts.Order{Status: facts.StatusActive, Authored: at,
		Drug: facts.Drug{Codings: []codes.Coding{{System: codes.RxNorm, Code: "312938"}}}}}
	result := facts.Fact{
		Kind: facts.KindLab,
		Lab: &facts.LabResult{Status: facts.LabFinal, Loincs: []string{"2276-4"}, Effective: facts.Period{Start: at},
			Value: facts.Value{
				Kind:     facts.QuantityValue,
				Quantity: facts.Quantity{Value: "45.2", Unit: "ng/mL", Code: "ng/mL", System: codes.UCUM},
			}},
	}
	code := "32914008"
	if !rls {
		code = "38341003"
	}
	many := &State{Patient: "Patient/0"}
	many.Merge(
		facts.Fact{
			Ref:  "Condition/20",
			Kind: facts.KindCondition,
			Condition: &facts.Condition{Clinical: facts.ClinicalActive,
				Verification: facts.VerificationConfirmed,
				Code:         facts.Concept{Codings: []codes.Coding{{System: codes.SNOMED, Code: code}}}},
		},
	)
	for i := range n - 1 {
		f, kind := order, "MedicationRequest/"
		if i%2 > 0 {
			f, kind = result, "Observation/"
		}
		f.Ref = facts.Ref(kind + FlagID([]byte("ids"), "", fmt.Sprint(100+i), ""))
		many.Merge(f)
	}
	return many
}
