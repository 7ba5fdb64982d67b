package codec

import (
	"encoding/binary"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// coder walks a state in one of two directions. Every type has one method that both writes and
// reads it, so the two cannot drift apart: a primitive takes a pointer; writing, it appends what is
// there; reading, it puts there what it takes from b. Writing changes nothing in the state, so
// others may read that meanwhile.
type coder struct {
	b       []byte // what was written; or what is left to read
	reading bool
	version byte // of the format
	damaged bool // reading failed; from then on everything reads as zero

	facts      []facts.Fact        // whose references may be named by position
	seen       [recentTexts]string // ring of the last longer texts, which may be named by position
	nSeen      int
	last       int64         // the time before, which the next one is likely to be near
	header     uint64        // of the fact before
	shape      uint64        // of the order before
	valueShape uint64        // of the value before
	nested     int           // results in results that are open
	before     facts.Version // of the fact before

	arena strings.Builder // backs the texts that are read
	slabs
}

// slabs are what is read is cut from.
type slabs struct {
	newFacts []facts.Fact
	orders   []facts.Order
	labs     []facts.LabResult
	codings  []codes.Coding
	words    []string
}

const recentTexts = 32

func (c *coder) fail() {
	c.damaged = true
	c.b = nil
}

// uint codes v as a varint and returns the value that counts: v itself, or what was read.
func (c *coder) uint(v uint64) uint64 {
	if !c.reading {
		c.b = binary.AppendUvarint(c.b, v)
		return v
	}
	if len(c.b) > 0 && c.b[0] < 0x80 {
		v = uint64(c.b[0])
		c.b = c.b[1:]
		return v
	}
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return v
}

// mask codes a number of at most n bits. More bits mean fields that this program does not know, and
// a state is never half read.
func (c *coder) mask(v uint64, n uint) uint64 {
	if v = c.uint(v); v>>n != 0 {
		c.fail()
		return 0
	}
	return v
}

// again codes a number of at most n bits that often is *before: then as 0, else plus one.
func (c *coder) again(before *uint64, v uint64, n uint) uint64 {
	if !c.reading {
		if v == *before {
			c.b = append(c.b, 0)
		} else {
			c.uint(v + 1)
		}
		*before = v
		return v
	}
	if v = c.uint(0); v > 1<<n {
		c.fail()
	} else if v != 0 {
		*before = v - 1
	}
	return *before
}

func zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

func (c *coder) signed(v int64) int64 { return unzigzag(c.uint(zigzag(v))) }

func (c *coder) int(v *int) {
	if w := c.signed(int64(*v)); c.reading {
		*v = int(w)
	}
}

func (c *coder) fixed64(v *uint64) {
	if !c.reading {
		c.b = binary.LittleEndian.AppendUint64(c.b, *v)
		return
	}
	if b := c.take(8); b != nil {
		*v = binary.LittleEndian.Uint64(b)
	}
}

// take reads n bytes, or fails and gives nil.
func (c *coder) take(n uint64) []byte {
	if uint64(len(c.b)) < n {
		c.fail()
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}

// count codes a length. Every element takes at least one byte, so a length beyond the rest of the
// input is damage, and memory is not asked for.
func (c *coder) count(n int) int {
	v := c.uint(uint64(n))
	if c.reading && v > uint64(len(c.b)) {
		c.fail()
		return 0
	}
	return int(v)
}

// codeLen codes the length of s; reading, s becomes a list of that length.
func codeLen[T any](c *coder, s *[]T) {
	if n := c.count(len(*s)); c.reading && n > 0 {
		*s = make([]T, n)
	}
}

// cutSlab takes n elements off a slab, which saves one allocation per fact.
func cutSlab[T any](slab *[]T, n, chunk int) []T {
	if len(*slab) < n {
		*slab = make([]T, max(n, chunk))
	}
	s := (*slab)[:n:n]
	*slab = (*slab)[n:]
	return s
}

// enumOf takes v as it is part of a larger number; a value beyond last was not written by this
// format.
func enumOf[T ~uint8](c *coder, v uint64, last T) T {
	if v > uint64(last) {
		c.fail()
		return 0
	}
	return T(v)
}

// bitOf is 1 or 0, for bits that say what follows.
func bitOf(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
