package codec

import (
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// Reader is Decode for one state after the other, each looked at for a moment: most of the memory
// that a state takes serves the next one again. The zero value is ready. It is not for concurrent
// use.
type Reader struct {
	c    coder
	st   checks.State
	full slabs
}

// The slabs hold a patient of many facts; what goes beyond gets memory of its own.
const (
	readerFacts = 64
	readerTexts = 128
)

// Decode is Decode. The State, its slices and what it points to are good until the next call; its
// texts stay.
func (r *Reader) Decode(b []byte) (*checks.State, error) {
	format, body, err := unwrap(b)
	if err != nil {
		return nil, err
	}
	r.reset()
	r.c.version = format
	if err := readBody(body, &r.c, &r.st); err != nil {
		return nil, err
	}
	return &r.st, nil
}

// reset makes the slabs whole again.
func (r *Reader) reset() {
	if r.full.newFacts == nil {
		r.full = slabs{
			make([]facts.Fact, readerFacts),
			make([]facts.Order, readerFacts),
			make([]facts.LabResult, readerFacts),
			make([]codes.Coding, readerTexts),
			make([]string, readerTexts),
		}
	} else {
		wipe(r.full.newFacts, r.c.newFacts)
		wipe(r.full.orders, r.c.orders)
		wipe(r.full.labs, r.c.labs)
		wipe(r.full.codings, r.c.codings)
		wipe(r.full.words, r.c.words)
	}
	r.c, r.st = coder{reading: true, slabs: r.full}, checks.State{}
}

// wipe clears what was cut off a slab; all of it when another one took its place.
func wipe[T any](full, rest []T) {
	if n := len(rest); n > 0 && &rest[n-1] == &full[len(full)-1] {
		full = full[:len(full)-n]
	}
	clear(full)
}
