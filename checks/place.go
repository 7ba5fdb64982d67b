package checks

import (
	"math/bits"
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// Places say under which limits one version of a resource counts: bit 0 as a mark, bit 1+a as a result of analyte a. What is neither has
// the bit of AnalyteNone. Bits are stored, so they stay what they are.
type Places uint32

const (
	placeMark    Places = 1
	placeContent        = placeMark << (1 + terms.AnalyteNone)
	placeCount          = 2 + int(terms.PregnancyTestQuantitative)

	// AllPlaces are all bits that mean something.
	AllPlaces Places = 1<<placeCount - 1
)

// Past is a version of a resource that is not what its fact says, and that still takes a place: before a deletion it was an order, say.
type Past struct {
	Version Version
	Places  Places     // without those that a newer version has
	Mark    MarkReason // of a version that is a mark
}

// Kept is what is known of a resource beyond what its fact says. It is not changed once it is made, since facts share it.
type Kept struct {
	Past []Past // that still take places, the newest first
	// Hidden is what a mark stands for that another patient's version outranks, for as long as that one is kept.
	Hidden *Fact
}

func (f *Fact) past() []Past {
	if f.Kept == nil {
		return nil
	}
	return f.Kept.Past
}

// hidden is nil where nothing is.
func (f *Fact) hidden() *Fact {
	if f.Kept == nil {
		return nil
	}
	return f.Kept.Hidden
}

// keep replaces what is kept.
func (f *Fact) keep(past []Past, hidden *Fact) {
	if f.Kept = nil; len(past) > 0 || hidden != nil {
		f.Kept = &Kept{past, hidden}
	}
}

// SamePlaces tells whether older versions of two facts take the same places.
func SamePlaces(a, b *Fact) bool { return slices.Equal(a.past(), b.past()) }

// Hides tells whether f is a mark of which Unhidden knows more.
func (f *Fact) Hides() bool { return f.hidden() != nil }

// placesOf are the places of what f says. They follow from this version alone: then the newest version in each place, and with it the newest
// facts there, are the same whatever came first.
func placesOf(f *Fact, t *terms.Terms) Places {
	switch {
	case f.Kind == KindMark:
		return placeMark
	case f.Kind != KindLab || groupOf(f.Ref) != groupResults:
		return placeContent
	}
	p := resultPlaces(f.Lab, t)
	if p == 0 {
		return placeContent
	}
	return p
}

// resultPlaces are those of a result, its components, and the results that a report contains.
func resultPlaces(l *LabResult, t *terms.Terms) Places {
	p := analytesOf(t, l.Loincs)
	for i := range l.Components {
		p |= analytesOf(t, l.Components[i].Loincs)
	}
	for i := range l.Results {
		p |= resultPlaces(&l.Results[i], t)
	}
	return p
}

func analytesOf(t *terms.Terms, loincs []string) (p Places) {
	for _, code := range loincs {
		if lab, ok := t.Lab(code); ok {
			p |= placeContent << lab.Analyte
		}
	}
	return p
}

// Outranked tells whether f is a mark for the only reason that another patient's version, or a deletion, is newer. The first of Past then
// is what its own version was.
func (f *Fact) Outranked() bool {
	past := f.past()
	return len(past) > 0 && past[0].Version == f.Version
}

// Outrank is the mark that is left of f when something newer is known. With hide it can be taken back by Unhidden.
func (s *Settings) Outrank(f Fact, why MarkReason, hide bool) Fact {
	out := Fact{Ref: f.Ref, Version: f.Version, Kind: KindMark, Mark: why, Unread: f.Unread & (UnreadVersion | NewerUnread)}
	if !hide && out.Unread&UnreadVersion != 0 {
		out.Unread = UnreadVersion // what came before it cannot be told from itself any more
	}
	if f.Outranked() {
		out.keep(f.past(), nil)
		return out
	}
	own := Past{Version: f.Version, Places: placesOf(&f, s.terms())}
	if f.Kind == KindMark {
		own.Mark = f.Mark
	}
	past := append([]Past{own}, f.past()...)
	if f.Kept = nil; hide {
		out.keep(past, &f)
	} else {
		out.keep(past, nil)
	}
	return out
}

// Unhidden is what f says of itself, as far as that is kept.
func (f *Fact) Unhidden() Fact {
	if !f.Hides() || !f.Outranked() {
		return *f
	}
	own := *f.hidden()
	own.keep(f.past()[1:], nil)
	return own
}

// Join is the newer of two facts about one resource, with the places that the older takes.
func (s *Settings) Join(a, b Fact) Fact {
	if a.Version.Compare(b.Version) < 0 {
		a, b = b, a
	}
	a, _ = a.Outranking(&b)
	if !b.Outranked() {
		yield(&a, s.terms(), Past{Version: b.Version, Places: placesOf(&b, s.terms()), Mark: b.Mark})
	}
	for _, p := range b.past() {
		yield(&a, s.terms(), p)
	}
	return a
}

// yield gives an older version the places that no newer one has.
func yield(f *Fact, t *terms.Terms, p Past) {
	if !f.Outranked() {
		p.Places &^= placesOf(f, t)
	}
	for _, q := range f.past() {
		if q.Version.Compare(p.Version) >= 0 {
			p.Places &^= q.Places
		}
	}
	if p.Places == 0 {
		return
	}
	if p.Places&placeMark == 0 {
		p.Mark = MarkOther
	}
	past := make([]Past, 0, len(f.past())+1)
	for _, q := range f.past() {
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
	at, _ := slices.BinarySearchFunc(past, p.Version, func(q Past, v Version) int { return v.Compare(q.Version) })
	f.keep(slices.Insert(past, at, p), f.hidden())
}

// eachPlace calls do for every place that f takes, with the version that takes it.
func eachPlace(f *Fact, t *terms.Terms, do func(bit int, v *Version)) {
	if !f.Outranked() {
		eachBit(placesOf(f, t), func(bit int) { do(bit, &f.Version) })
	}
	past := f.past()
	for i := range past {
		eachBit(past[i].Places, func(bit int) { do(bit, &past[i].Version) })
	}
}

func eachBit(p Places, do func(int)) {
	for ; p != 0; p &= p - 1 {
		do(bits.TrailingZeros32(uint32(p)))
	}
}
