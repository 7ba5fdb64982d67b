package checks

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// drawIndex finds results of the same draw (rules.md "Same draw") without comparing all pairs, so
// that thousands of results on one day stay cheap. Two results are of one draw if they are of one
// Observation or name the same specimen, or, if one names none, if their effective times lie within
// 24 h. Different specimens are different draws.
type drawIndex struct {
	observation map[observed]drawList
	specimen    map[facts.Ref]drawList
	dated       drawList
	loose       drawList // dated and without a specimen
}

// observed is one Observation: a resource, or one of those that a report contains.
type observed struct {
	ref    facts.Ref
	result int
}

func (r *labReading) observed() observed { return observed{r.refs[0], r.result} }

// drawList is sorted: dated ones first, by time; of one time the largest value first.
type drawList []*labReading

const sameDrawWithin = 24 * time.Hour

func indexDraws(readings []*labReading) *drawIndex {
	readings = slices.Clone(readings)
	slices.SortFunc(readings, func(a, b *labReading) int {
		return cmp.Or(compareOldest(a, b), b.measure.Value.Cmp(a.measure.Value), compareSource(a, b))
	})
	x := &drawIndex{observation: map[observed]drawList{}, specimen: map[facts.Ref]drawList{}}
	for _, r := range readings {
		x.observation[r.observed()] = append(x.observation[r.observed()], r)
		if r.specimen != "" {
			x.specimen[r.specimen] = append(x.specimen[r.specimen], r)
		}
		if r.dated {
			x.dated = append(x.dated, r)
			if r.specimen == "" {
				x.loose = append(x.loose, r)
			}
		}
	}
	return x
}

// compareOldest puts the oldest first, and what has no time last.
func compareOldest(a, b *labReading) int {
	if a.dated && b.dated {
		return a.at.Compare(b.at)
	}
	return compareNewest(a, b)
}

// nearest is the result of the same draw as r that is nearest in time, and of the largest value
// where several are; nil when there is none.
func (x *drawIndex) nearest(r *labReading) *labReading {
	best := x.observation[r.observed()].nearest(r)
	within := x.dated
	if r.specimen != "" {
		best = nearer(r, best, x.specimen[r.specimen].nearest(r))
		within = x.loose
	}
	if r.dated {
		if n := within.nearest(r); n != nil && n.at.Sub(r.at).Abs() <= sameDrawWithin {
			best = nearer(r, best, n)
		}
	}
	return best
}

// nearest of a list, whatever the distance. Without a time there is no distance, and the first
// stands for all.
func (l drawList) nearest(r *labReading) *labReading {
	n := sort.Search(len(l), func(i int) bool { return !l[i].dated })
	switch {
	case len(l) == 0:
		return nil
	case !r.dated || n == 0:
		return l[0]
	}
	after := sort.Search(n, func(i int) bool { return !l[i].at.Before(r.at) })
	if after == 0 {
		return l[0]
	}
	before := l[sort.Search(n, func(i int) bool { return !l[i].at.Before(l[after-1].at) })]
	if after == n {
		return before
	}
	return nearer(r, before, l[after])
}

// nearer of two results to r; either may be nil.
func nearer(r, a, b *labReading) *labReading {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	distance := func(x *labReading) time.Duration {
		if !x.dated || !r.dated {
			return 0
		}
		return x.at.Sub(r.at).Abs()
	}
	if cmp.Or(cmp.Compare(distance(a), distance(b)), b.measure.Value.Cmp(a.measure.Value), compareSource(a, b)) <= 0 {
		return a
	}
	return b
}

// pointers are the readings that meet ok.
func pointers(readings []labReading, ok func(*labReading) bool) []*labReading {
	var out []*labReading
	for i := range readings {
		if ok(&readings[i]) {
			out = append(out, &readings[i])
		}
	}
	return out
}
