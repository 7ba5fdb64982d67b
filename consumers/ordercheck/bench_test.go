package ordercheck

import (
	"encoding/json"
	"testing"
)

// BenchmarkAsk is an answer without a bus: reading the request, folding, evaluating, writing the
// reply.
func BenchmarkAsk(b *testing.B) {
	c := checker(
		stored(
			b,
			bundle(
				rlsCondition,
				order("o1", "active", "sertraline"),
				lab("f1", "2276-4", "200", "ng/mL", "2026-10-25"),
			),
		),
	)
	draft := []byte(order("d1", "draft", "pregabalin 75 mg"))
	b.ReportAllocs()
	for b.Loop() {
		a, err := c.Ask(b.Context(), draft)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(ReplyOf(&a)); err != nil {
			b.Fatal(err)
		}
	}
}
