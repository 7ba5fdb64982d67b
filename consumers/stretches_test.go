package consumers

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Sets of stretches do what plain sets do.
func TestStretches(t *testing.T) {
	const most = 40
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (stretches, map[uint64]bool) {
			var s stretches
			plain := map[uint64]bool{}
			for range rapid.IntRange(0, 8).Draw(t, name) {
				first := rapid.Uint64Range(1, most).Draw(t, "first")
				last := rapid.Uint64Range(first, min(most, first+6)).Draw(t, "last")
				s = s.add(first, last)
				for seq := first; seq <= last; seq++ {
					plain[seq] = true
				}
			}
			return s, plain
		}
		a, inA := draw("a")
		b, inB := draw("b")
		same := func(what string, got stretches, want func(uint64) bool) {
			var all stretches
			for seq := uint64(1); seq <= most; seq++ {
				if want(seq) {
					all = all.add(seq, seq)
				}
			}
			if d := cmp.Diff(slices.Clone(all), slices.Clone(got)); d != "" && all.count()+got.count() > 0 {
				t.Errorf("%s of %v and %v (-want +got):\n%s", what, a, b, d)
			}
		}
		same("add", a, func(seq uint64) bool { return inA[seq] })
		same("with", a.with(b), func(seq uint64) bool { return inA[seq] || inB[seq] })
		same("without", a.without(b), func(seq uint64) bool { return inA[seq] && !inB[seq] })
		same("common", a.common(b), func(seq uint64) bool { return inA[seq] && inB[seq] })
		same("gaps", a.gaps(3, 30), func(seq uint64) bool { return seq >= 3 && seq <= 30 && !inA[seq] })
		same("upTo", a.upTo(17), func(seq uint64) bool { return seq <= 17 && inA[seq] })
		if int(a.count()) != len(inA) {
			t.Errorf("%v counts %d", a, a.count())
		}
		for seq := uint64(1); seq <= a.floor()+1; seq++ {
			if inA[seq] != (seq <= a.floor()) {
				t.Errorf("the floor of %v is %d", a, a.floor())
			}
		}
	})
}
