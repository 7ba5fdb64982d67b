package facts

import (
	"slices"
)

// Places say under which limits one version of a resource counts: bit 0 as a mark, bit 1+a as a
// result of analyte a. Anything else has the bit of labs.None. Bits are stored, so they keep their
// meaning.
type Places uint32

// Past is an older version of a resource that still takes a place: an order before its deletion,
// for instance.
type Past struct {
	Version Version
	Places  Places     // except those a newer version has
	Mark    MarkReason // if it was a mark
}

// Kept is what is known of a resource beyond what its fact says. Facts share it, so it is never
// changed.
type Kept struct {
	Past []Past // those that still take places, newest first
	// Hidden is what the resource said before another patient's version outranked it, for as long
	// as that one is kept.
	Hidden *Fact
}

func (f *Fact) Past() []Past {
	if f.Kept == nil {
		return nil
	}
	return f.Kept.Past
}

// Hidden is nil if nothing is hidden.
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

// SamePlaces reports whether older versions of two facts take the same places.
func SamePlaces(a, b *Fact) bool { return slices.Equal(a.Past(), b.Past()) }

// Hides reports whether f is a mark of which Unhidden knows more.
func (f *Fact) Hides() bool { return f.Hidden() != nil }

// Outranked reports whether f is a mark only because another patient's version, or a deletion, is
// newer. The first of Past is then its own version.
func (f *Fact) Outranked() bool {
	past := f.Past()
	return len(past) > 0 && past[0].Version == f.Version
}

// Unhidden is what f itself says, as far as that is kept.
func (f *Fact) Unhidden() Fact {
	if !f.Hides() || !f.Outranked() {
		return *f
	}
	own := *f.Hidden()
	own.Keep(f.Past()[1:], nil)
	return own
}
