package checks

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// sameDraw is the rule as in rules.md, against which the index is checked.
func sameDraw(a, b *labReading) bool {
	switch {
	case a.refs[0] == b.refs[0]:
		return true
	case a.specimen != "" && b.specimen != "":
		return a.specimen == b.specimen
	}
	return a.dated && b.dated && a.at.Sub(b.at).Abs() <= 24*time.Hour
}

// The index finds a result of the same draw exactly if there is one, and the nearest in time.
func TestDrawIndex(t *testing.T) {
	draw := func(t *rapid.T) labReading {
		r := labReading{
			refs:     []facts.Ref{rapid.SampledFrom([]facts.Ref{"a", "b", "c", "d", "e", "f"}).Draw(t, "ref")},
			specimen: rapid.SampledFrom([]facts.Ref{"", "", "s", "t"}).Draw(t, "specimen"),
		}
		if hours := rapid.IntRange(-1, 60).Draw(t, "hours"); hours >= 0 {
			r.dated, r.at = true, labAsOf.Add(time.Duration(hours)*time.Hour)
		}
		r.measure.Value = decimal.Int(rapid.IntRange(1, 3).Draw(t, "value"))
		return r
	}
	rapid.Check(t, func(t *rapid.T) {
		var all []*labReading
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			r := draw(t)
			all = append(all, &r)
		}
		of := draw(t)
		got := indexDraws(all).nearest(&of)
		var found bool
		for _, r := range all {
			if !sameDraw(&of, r) {
				continue
			}
			found = true
			if got == nil || !of.dated || !got.dated || !r.dated {
				continue
			}
			a, b := got.at.Sub(of.at).Abs(), r.at.Sub(of.at).Abs()
			if b < a || a == b && got.at.Equal(r.at) && got.measure.Value.Cmp(r.measure.Value) < 0 {
				t.Fatalf("%+v was found for %+v, but %+v is nearer or larger", got, of, r)
			}
		}
		if found != (got != nil) || got != nil && !sameDraw(&of, got) {
			t.Fatalf("found %+v for %+v, want any: %v", got, of, found)
		}
		if back := indexDraws(rapid.Permutation(all).Draw(t, "order")).nearest(&of); (back == nil) != (got == nil) ||
			got != nil && (back.at != got.at || back.refs[0] != got.refs[0]) {
			t.Fatalf("another order finds %+v, not %+v", back, got)
		}
	})
}
