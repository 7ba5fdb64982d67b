package decided

import (
	"fmt"
	"slices"
)

// Stretch is a run of sequences, first to last.
type Stretch [2]uint64

func (s Stretch) Count() uint64 { return s[1] - s[0] + 1 }

// String names the sequences of s, for logs and reports.
func (s Stretch) String() string {
	if s[0] == s[1] {
		return fmt.Sprintf("sequence %d", s[0])
	}
	return fmt.Sprintf("sequences %d to %d", s[0], s[1])
}

// Stretches is a set of sequences: sorted, and no two stretches touch.
type Stretches []Stretch

// Add adds the sequences first to last. Adding in order costs nothing.
func (s Stretches) Add(first, last uint64) Stretches {
	if first > last {
		return s
	}
	if n := len(s); n > 0 && first >= s[n-1][0] { // the usual case
		switch {
		case first <= s[n-1][1]+1:
			s[n-1][1] = max(s[n-1][1], last)
		default:
			s = append(s, Stretch{first, last})
		}
		return s
	}
	from, _ := slices.BinarySearchFunc(s, first, func(x Stretch, first uint64) int {
		if x[1]+1 < first {
			return -1
		}
		return 1
	})
	to := from
	for ; to < len(s) && s[to][0] <= last+1; to++ {
		first, last = min(first, s[to][0]), max(last, s[to][1])
	}
	return slices.Replace(s, from, to, Stretch{first, last})
}

// With is the union of s and other.
func (s Stretches) With(other Stretches) Stretches {
	all := slices.Clone(s)
	for _, x := range other {
		all = all.Add(x[0], x[1])
	}
	return all
}

// Gaps are the sequences from first to last missing in s.
func (s Stretches) Gaps(first, last uint64) Stretches {
	var found Stretches
	for _, x := range s {
		if x[1] < first {
			continue
		}
		if x[0] > last {
			break
		}
		if x[0] > first {
			found = append(found, Stretch{first, x[0] - 1})
		}
		first = x[1] + 1
	}
	if first <= last {
		found = append(found, Stretch{first, last})
	}
	return found
}

// Without is s minus other.
func (s Stretches) Without(other Stretches) Stretches {
	var left Stretches
	for _, x := range s {
		left = append(left, other.Gaps(x[0], x[1])...)
	}
	return left
}

// Common is the intersection.
func (s Stretches) Common(other Stretches) Stretches { return s.Without(s.Without(other)) }

// UpTo is the part of s up to a sequence.
func (s Stretches) UpTo(last uint64) Stretches {
	var left Stretches
	for _, x := range s {
		if x[0] <= last {
			left = append(left, Stretch{x[0], min(x[1], last)})
		}
	}
	return left
}

func (s Stretches) Count() (n uint64) {
	for _, x := range s {
		n += x.Count()
	}
	return n
}

// Floor is the sequence up to which s is complete.
func (s Stretches) Floor() uint64 {
	if len(s) == 0 || s[0][0] > 1 {
		return 0
	}
	return s[0][1]
}

// End is the highest sequence in s.
func (s Stretches) End() uint64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1][1]
}

// Before is the sequence before the first one of a stream.
func Before(first uint64) uint64 { return max(first, 1) - 1 }
