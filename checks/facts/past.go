package facts

import (
	"slices"
)

// Places say under which limits one version of a resource counts: bit 0 as a mark, bit 1+a as a
// result of analyte a. What is neither has the bit of AnalyteNone. Bits are stored, so they stay
// what they are.
type Places uint32

// Past is a version of a resource that is not what its fact says, and that still takes a place:
// before a deletion it was an order, say.
type Past struct {
	Version Version
	Places  Places     // without those that a newer version has
	Mark    MarkReason // of a version that is a mark
}

// Kept is what is known of a resource beyond what its fact says. It is not changed once it is made,
// since facts share it.
type Kept struct {
	Past []Past // that still take places, the newest first
	// Hidden is what a mark stands for that another patient's version outranks, for as long as that
	// one is kept.
	Hidden *Fact
}

func (f *Fact) Past() []Past {
	if f.Kept == nil {
		return nil
	}
	return f.Kept.Past
}

// Hidden is nil where nothing is.
func (f *Fact) Hidden() *Fact {
	if f.Kept == nil {
		return nil
	}
	return f.Kept.Hidden
}

// Keep replaces what is kept.
func (f *Fact) Keep(past []Past, hidden *Fact) {
	if f.Kept = nil; len(past) > 0 || hidden != nil {
		f.Kept = &Kept{past, hidden}
	}
}

// SamePlaces tells whether older versions of two facts take the same places.
func SamePlaces(a, b *Fact) bool { return slices.Equal(a.Past(), b.Past()) }

// Hides tells whether f is a mark of which Unhidden knows more.
func (f *Fact) Hides() bool { return f.Hidden() != nil }

// Outranked tells whether f is a mark for the only reason that another patient's version, or a
// deletion, is newer. The first of Past then is what its own version was.
func (f *Fact) Outranked() bool {
	past := f.Past()
	return len(past) > 0 && past[0].Version == f.Version
}

// Unhidden is what f says of itself, as far as that is kept.
func (f *Fact) Unhidden() Fact {
	if !f.Hides() || !f.Outranked() {
		return *f
	}
	own := *f.Hidden()
	own.Keep(f.Past()[1:], nil)
	return own
}
