package decided

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Sets of stretches behave like plain sets.
func TestStretches(t *testing.T) {
	const most = 40
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (Stretches, map[uint64]bool) {
			var s Stretches
			plain := map[uint64]bool{}
			for range rapid.IntRange(0, 8).Draw(t, name) {
				first := rapid.Uint64Range(1, most).Draw(t, "first")
				last := rapid.Uint64Range(first, min(most, first+6)).Draw(t, "last")
				s = s.Add(first, last)
				for seq := first; seq <= last; seq++ {
					plain[seq] = true
				}
			}
			return s, plain
		}
		a, inA := draw("a")
		b, inB := draw("b")
		same := func(what string, got Stretches, want func(uint64) bool) {
			var all Stretches
			for seq := uint64(1); seq <= most; seq++ {
				if want(seq) {
					all = all.Add(seq, seq)
				}
			}
			if d := cmp.Diff(slices.Clone(all), slices.Clone(got)); d != "" && all.Count()+got.Count() > 0 {
				t.Errorf("%s of %v and %v (-want +got):\n%s", what, a, b, d)
			}
		}
		same("add", a, func(seq uint64) bool { return inA[seq] })
		same("with", a.With(b), func(seq uint64) bool { return inA[seq] || inB[seq] })
		same("without", a.Without(b), func(seq uint64) bool { return inA[seq] && !inB[seq] })
		same("common", a.Common(b), func(seq uint64) bool { return inA[seq] && inB[seq] })
		same("gaps", a.Gaps(3, 30), func(seq uint64) bool { return seq >= 3 && seq <= 30 && !inA[seq] })
		same("upTo", a.UpTo(17), func(seq uint64) bool { return seq <= 17 && inA[seq] })
		if int(a.Count()) != len(inA) {
			t.Errorf("%v counts %d", a, a.Count())
		}
		for seq := uint64(1); seq <= a.Floor()+1; seq++ {
			if inA[seq] != (seq <= a.Floor()) {
				t.Errorf("the floor of %v is %d", a, a.Floor())
			}
		}
	})
}
