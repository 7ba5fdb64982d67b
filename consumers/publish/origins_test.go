package publish

import (
	"testing"
)

func TestSpansOfOrigins(t *testing.T) {
	var s origins
	for _, m := range []struct {
		seq  uint64
		from Origin
	}{{3, Origin{Source: "a", Line: 1}}, {4, Origin{Source: "a", Line: 2}}, {5, Origin{Source: "a", Line: 4}},
		{6, Origin{Source: "b", Line: 1}}, {9, Origin{Source: "b", Line: 2}}, {10, Origin{Source: "b", Line: 2}}} {
		s.add(m.seq, m.from)
	}
	if len(s.spans) != 5 || s.last() != 10 {
		t.Errorf("%d spans up to %d", len(s.spans), s.last())
	}
	want := map[uint64]Origin{
		3:  {Source: "a", Line: 1},
		4:  {Source: "a", Line: 2},
		5:  {Source: "a", Line: 4},
		6:  {Source: "b", Line: 1},
		9:  {Source: "b", Line: 2},
		10: {Source: "b", Line: 2},
	}
	for seq := range uint64(12) {
		from, ours := s.find(seq)
		if _, wanted := want[seq]; ours != wanted || from != want[seq] {
			t.Errorf("%d is %v, %t", seq, from, ours)
		}
	}
}
