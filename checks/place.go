package checks

import (
	"math/bits"
	"slices"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/unread"
)

const (
	placeMark    facts.Places = 1
	placeContent              = placeMark << (1 + labs.None)
	placeCount                = 2 + int(labs.PregnancyTestQuantitative)

	// AllPlaces are all bits with a meaning.
	AllPlaces facts.Places = 1<<placeCount - 1
)

// placesOf are the places taken by what f says. They depend on this version alone, so the newest
// version in each place, and the newest facts there, do not depend on the order of arrival.
func placesOf(f *facts.Fact, t *terms.Terms) facts.Places {
	switch {
	case f.Kind == facts.KindMark:
		return placeMark
	case f.Kind != facts.KindLab || groupOf(f.Ref) != groupResults:
		return placeContent
	}
	p := resultPlaces(f.Lab, t)
	if p == 0 {
		return placeContent
	}
	return p
}

// resultPlaces are the places of a result, its components, and the results a report contains.
func resultPlaces(l *facts.LabResult, t *terms.Terms) facts.Places {
	p := analytesOf(t, l.Loincs)
	for i := range l.Components {
		p |= analytesOf(t, l.Components[i].Loincs)
	}
	for i := range l.Results {
		p |= resultPlaces(&l.Results[i], t)
	}
	return p
}

func analytesOf(t *terms.Terms, loincs []string) (p facts.Places) {
	for _, code := range loincs {
		if lab, ok := labs.Find(code); ok {
			p |= placeContent << lab.Analyte
		}
	}
	return p
}

// Outrank is the mark that remains of f once something newer is known. With hide, Unhidden can undo
// it.
func (s *Settings) Outrank(f facts.Fact, why facts.MarkReason, hide bool) facts.Fact {
	out := facts.Fact{
		Ref:     f.Ref,
		Version: f.Version,
		Kind:    facts.KindMark,
		Mark:    why,
		Unread:  f.Unread & (unread.Version | unread.Newer),
	}
	if !hide && out.Unread&unread.Version != 0 {
		out.Unread = unread.Version // what came before it can no longer be told from itself
	}
	if f.Outranked() {
		out.Keep(f.Past(), nil)
		return out
	}
	own := facts.Past{Version: f.Version, Places: placesOf(&f, s.terms())}
	if f.Kind == facts.KindMark {
		own.Mark = f.Mark
	}
	past := append([]facts.Past{own}, f.Past()...)
	if f.Kept = nil; hide {
		out.Keep(past, &f)
	} else {
		out.Keep(past, nil)
	}
	return out
}

// Join is the newer of two facts about one resource, with the places the older one takes.
func (s *Settings) Join(a, b facts.Fact) facts.Fact {
	if a.Version.Compare(b.Version) < 0 {
		a, b = b, a
	}
	a, _ = a.Outranking(&b)
	if !b.Outranked() {
		yield(&a, s.terms(), facts.Past{Version: b.Version, Places: placesOf(&b, s.terms()), Mark: b.Mark})
	}
	for _, p := range b.Past() {
		yield(&a, s.terms(), p)
	}
	return a
}

// yield gives an older version the places no newer one has.
func yield(f *facts.Fact, t *terms.Terms, p facts.Past) {
	if !f.Outranked() {
		p.Places &^= placesOf(f, t)
	}
	for _, q := range f.Past() {
		if q.Version.Compare(p.Version) >= 0 {
			p.Places &^= q.Places
		}
	}
	if p.Places == 0 {
		return
	}
	if p.Places&placeMark == 0 {
		p.Mark = facts.MarkOther
	}
	past := make([]facts.Past, 0, len(f.Past())+1)
	for _, q := range f.Past() {
		if q.Version.Compare(p.Version) < 0 {
			q.Places &^= p.Places
		}
		switch {
		case q.Version == p.Version:
			p.Places |= q.Places
		case q.Places != 0:
			past = append(past, q)
		}
	}
	at, _ := slices.BinarySearchFunc(
		past,
		p.Version,
		func(q facts.Past, v facts.Version) int { return v.Compare(q.Version) },
	)
	f.Keep(slices.Insert(past, at, p), f.Hidden())
}

// eachPlace calls do for every place f takes, with the version that takes it.
func eachPlace(f *facts.Fact, t *terms.Terms, do func(bit int, v *facts.Version)) {
	if !f.Outranked() {
		eachBit(placesOf(f, t), func(bit int) { do(bit, &f.Version) })
	}
	past := f.Past()
	for i := range past {
		eachBit(past[i].Places, func(bit int) { do(bit, &past[i].Version) })
	}
}

func eachBit(p facts.Places, do func(int)) {
	for ; p != 0; p &= p - 1 {
		do(bits.TrailingZeros32(uint32(p)))
	}
}
