package fold

import (
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// An undated withdrawal takes back what arrived before it, whatever its version, and nothing that
// arrived after it, in whatever order they are processed.
func TestUndatedWithdrawalStandsFromItsArrivalOn(t *testing.T) {
	const ref = facts.Ref("MedicationRequest/1")
	deletion := mark(ref, facts.MarkDeleted)
	dated := versioned(order(ref, "sertraline", ""), 10, "3")
	older := versioned(order(ref, "mirtazapine", ""), 5, "2")
	newer := versioned(order(ref, "gabapentin", ""), 20, "4")
	for _, c := range []struct {
		name string
		in   []Input
		want string // drug that counts; "" if none
	}{
		{"after a dated version", []Input{arrives(1, "Patient/A", dated), arrives(2, "", deletion)}, ""},
		{"before it", []Input{arrives(1, "", deletion), arrives(2, "Patient/A", dated)}, "sertraline"},
		{"brought back by a newer version", []Input{arrives(1, "Patient/A", dated), arrives(2, "", deletion),
			arrives(3, "Patient/A", newer)}, "gabapentin"},
		{"not brought back by an older one", []Input{arrives(1, "Patient/A", dated), arrives(2, "", deletion),
			arrives(3, "Patient/A", older)}, ""},
		{"the version moved to another patient before", []Input{arrives(1, "Patient/A", older),
			arrives(2, "Patient/B", dated), arrives(3, "", deletion)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			permutations(c.in, func(in []Input) {
				m := NewMemory()
				for i := range in {
					commit, _ := engine().Step(m, in[i:i+1], time.Unix(0, 0))
					m.apply(commit)
				}
				got := ""
				for _, p := range []facts.Ref{"Patient/A", "Patient/B"} {
					if st := m.State(p); st != nil {
						if f := st.Find(ref); f != nil && f.Kind == facts.KindOrder {
							got += f.Order.Drug.Names[0]
						} else if f != nil && f.Mark == facts.MarkMoved && c.want == "" && p == "Patient/B" {
							t.Errorf("the withdrawal is told to %s as a move", p)
						}
					}
				}
				if got != c.want {
					t.Errorf("in order %v counts %q, not %q", arrivalsOf(in), got, c.want)
				}
			})
		})
	}
}

func permutations(in []Input, do func([]Input)) {
	if len(in) < 2 {
		do(in)
		return
	}
	for i := range in {
		rest := append(append([]Input{}, in[:i]...), in[i+1:]...)
		permutations(rest, func(r []Input) { do(append([]Input{in[i]}, r...)) })
	}
}

func arrivalsOf(in []Input) (seqs []uint64) {
	for i := range in {
		seqs = append(seqs, in[i].Arrival.Sequence)
	}
	return seqs
}
