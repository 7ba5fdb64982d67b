package codec

import (
	"encoding/binary"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// coder walks a state in one of two directions. One method per type both writes and reads, so the
// two cannot drift apart: a primitive takes a pointer, and appends its value to b or fills it from
// b. Writing does not change the state, so others may read it meanwhile.
type coder struct {
	b       []byte // written so far, or left to read
	reading bool
	version byte // of the format
	damaged bool // reading failed; everything reads as zero from then on

	facts      []facts.Fact        // references may name them by position
	seen       [recentTexts]string // ring of the last longer texts; texts may name them by position
	nSeen      int
	last       int64         // previous time; the next one is likely near it
	header     uint64        // of the previous fact
	shape      uint64        // of the previous order
	valueShape uint64        // of the previous value
	nested     int           // depth of results within results
	before     facts.Version // of the previous fact

	arena strings.Builder // backs the texts read
	slabs
}

// slabs are what decoded values are cut from.
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

// uint codes v as a varint and returns the effective value: v itself, or what was read.
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

// mask codes a number of at most n bits. More bits mean fields this program does not know, and a
// state is never half read.
func (c *coder) mask(v uint64, n uint) uint64 {
	if v = c.uint(v); v>>n != 0 {
		c.fail()
		return 0
	}
	return v
}

// again codes a number of at most n bits that often equals *before: then as 0, else plus one.
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

func (c *coder) take(n uint64) []byte {
	if uint64(len(c.b)) < n {
		c.fail()
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}

// count codes a length. Every element takes at least one byte, so a length beyond the remaining
// input is damage, refused before memory is allocated.
func (c *coder) count(n int) int {
	v := c.uint(uint64(n))
	if c.reading && v > uint64(len(c.b)) {
		c.fail()
		return 0
	}
	return int(v)
}

// codeLen codes the length of s; reading, it makes s that long.
func codeLen[T any](c *coder, s *[]T) {
	if n := c.count(len(*s)); c.reading && n > 0 {
		*s = make([]T, n)
	}
}

// cutSlab takes n elements from a slab, saving one allocation per fact.
func cutSlab[T any](slab *[]T, n, chunk int) []T {
	if len(*slab) < n {
		*slab = make([]T, max(n, chunk))
	}
	s := (*slab)[:n:n]
	*slab = (*slab)[n:]
	return s
}

// enumOf converts v, part of a larger number; this format wrote no value beyond last.
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
