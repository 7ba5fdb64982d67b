package codec

import (
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// Reader decodes states one after another, each used only briefly, and reuses most of the memory.
// The zero value is ready. It is not safe for concurrent use.
type Reader struct {
	c    coder
	st   checks.State
	full slabs
}

// The slabs fit a patient with many facts; anything beyond is allocated separately.
const (
	readerFacts = 64
	readerTexts = 128
)

// Decode is like the function Decode, but the State, its slices and what it points to are valid
// only until the next call; its texts stay valid.
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

// wipe clears what was cut from a slab; all of it if another replaced it.
func wipe[T any](full, rest []T) {
	if n := len(rest); n > 0 && &rest[n-1] == &full[len(full)-1] {
		full = full[:len(full)-n]
	}
	clear(full)
}
