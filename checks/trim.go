package checks

import (
	"cmp"
	"slices"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms"
)

// How facts are cut so that the order of events does not matter:
//
// Each version takes places that follow from what it says (Places), and a resource stands in a
// place by the newest version that ever took it. It keeps the place when a later version is a mark:
// a deleted order still counts as one. So a place only ever grows in number and version, and its
// newest n end up the same in any order: what once had n newer ones above it always will, and may
// be forgotten. If a deletion gave up its place, whether it was free would depend on what had been
// forgotten before. A fact stays as long as it has a place.
//
// Cutting a mark could let an older version of its resource count again. So from then on,
// everything of its kind older than the oldest mark goes with it. That limit only rises, too.
//
// One case is not covered: a result whose analyte changes between versions, with more newer ones
// beside it than the limit.

// Trimmed is what Trim did and found.
type Trimmed struct {
	Gone    []facts.Ref // facts no longer there
	Changed []facts.Ref // facts whose newest version was forgotten, reverting them to the one before
	floors  map[place]floor
}

type place struct {
	group group
	bit   int
}

// floor is the oldest that stays in a place from which something was cut.
type floor struct {
	version facts.Version
	ref     facts.Ref
}

func (f floor) compare(g floor) int {
	return cmp.Or(f.version.Compare(g.version), cmp.Compare(f.ref, g.ref))
}

// Trim cuts the facts of st to the limits of set. Medications are not counted: they come and go
// with the orders that refer to them. It visits each fact, and sorts only kinds over their limits.
func (s *State) Trim(set *Settings) Trimmed {
	t := trimmer{st: s, terms: set.terms(), limits: set.Facts}
	t.each(func(p place, _ floor) { t.counts[p.group][p.bit]++ })
	for g := range groupCount {
		t.group(g)
	}
	if len(t.floors) > 0 {
		s.Cut = s.Cut.tidy()
		t.cut()
	}
	return t.Trimmed
}

// Refuses reports whether Trim would cut f again, if nothing else is known of its resource.
func (t *Trimmed) Refuses(f *facts.Fact, set *Settings) bool {
	if len(t.floors) == 0 {
		return false
	}
	refused := true
	g := groupOf(f.Ref)
	eachPlace(
		f,
		set.terms(),
		func(bit int, v *facts.Version) { refused = refused && t.below(place{g, bit}, floor{*v, f.Ref}) },
	)
	return refused
}

func (t *Trimmed) below(p place, f floor) bool {
	least, some := t.floors[p]
	return some && f.compare(least) < 0
}

type trimmer struct {
	Trimmed
	st     *State
	terms  *terms.Terms
	limits FactLimits
	counts [groupCount][placeCount]int
}

// each calls do for every place that is taken.
func (t *trimmer) each(do func(place, floor)) {
	for i := range t.st.Facts {
		f := &t.st.Facts[i]
		if f.Ref.Type() == "Medication" {
			continue
		}
		g := groupOf(f.Ref)
		eachPlace(f, t.terms, func(bit int, v *facts.Version) { do(place{g, bit}, floor{*v, f.Ref}) })
	}
}

// group finds what stays of a kind. Everything older than its oldest mark goes with the marks that
// were cut.
func (t *trimmer) group(g group) {
	for bit := range placeCount {
		p := place{g, bit}
		n, most := t.counts[g][bit], t.limits.of(p)
		if most > 0 && n > most {
			t.st.Cut |= cutOf(p)
		}
		if !t.st.Cut.has(cutOf(p)) || n == 0 {
			continue
		}
		if bit > 0 && n >= most && most > 0 {
			t.raise(p, t.nth(p, most))
		} else if bit == 0 {
			t.raise(p, t.nth(p, min(n, cmp.Or(most, n))))
		}
	}
	marks, some := t.floors[place{g, 0}]
	for bit := 1; some && bit < placeCount; bit++ {
		t.raise(place{g, bit}, marks)
	}
}

func (t *trimmer) raise(p place, f floor) {
	if t.floors == nil {
		t.floors = map[place]floor{}
	}
	if had, some := t.floors[p]; !some || had.compare(f) < 0 {
		t.floors[p] = f
	}
}

// few is the number of facts up to which finding the oldest is cheaper than sorting: at the limit,
// there is one too many.
const few = 8

func (t *trimmer) nth(p place, n int) floor {
	count := t.counts[p.group][p.bit]
	oldest := make([]floor, 0, min(count, count-n+1+few)) // oldest first
	t.each(func(q place, f floor) {
		switch most := count - n + 1; {
		case p != q:
		case most > few:
			oldest = append(oldest, f)
		case len(oldest) < most || f.compare(oldest[most-1]) < 0:
			at, _ := slices.BinarySearchFunc(oldest, f, floor.compare)
			oldest = slices.Insert(oldest[:min(len(oldest), most-1)], at, f)
		}
	})
	if count-n+1 > few {
		slices.SortFunc(oldest, floor.compare)
	}
	return oldest[count-n]
}

func (t *trimmer) cut() {
	kept := t.st.Facts[:0]
	for _, f := range t.st.Facts {
		if f.Ref.Type() == "Medication" || t.stays(&f) {
			kept = append(kept, f)
		} else {
			t.Gone = append(t.Gone, f.Ref)
		}
	}
	clear(t.st.Facts[len(kept):])
	t.st.Facts = kept
}

// stays reduces f to what has a place; false if nothing has.
func (t *trimmer) stays(f *facts.Fact) bool {
	own := !f.Outranked() && t.left(f.Ref, &f.Version, placesOf(f, t.terms)) != 0
	if f.Kept == nil {
		return own
	}
	var past []facts.Past
	for _, p := range f.Past() {
		if p.Places = t.left(f.Ref, &p.Version, p.Places); p.Places != 0 {
			past = append(past, p)
		}
	}
	switch {
	case own, len(past) > 0 && past[0].Version == f.Version:
		f.Keep(past, f.Hidden())
	case len(past) == 0:
		return false
	default:
		*f = before(f.Ref, past)
		t.Changed = append(t.Changed, f.Ref)
	}
	return true
}

// before is a fact reduced to past, newest first. Only of a mark is it known what it said.
func before(ref facts.Ref, past []facts.Past) facts.Fact {
	f := facts.Fact{Ref: ref, Version: past[0].Version, Kind: facts.KindMark, Mark: past[0].Mark}
	if past[0].Places == placeMark {
		past = past[1:]
	}
	f.Keep(past, nil)
	return f
}

// left are the places a version keeps.
func (t *trimmer) left(ref facts.Ref, v *facts.Version, places facts.Places) (left facts.Places) {
	eachBit(places, func(bit int) {
		if !t.below(place{groupOf(ref), bit}, floor{*v, ref}) {
			left |= placeMark << bit
		}
	})
	return left
}
