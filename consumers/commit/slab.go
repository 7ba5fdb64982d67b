package commit

import (
	"encoding/binary"
)

// slab keeps encoded states in large chunks: as separate objects, a million of them would take a
// third more memory, and the garbage collector would spend most of a start rescanning them. Slices
// it returns never change: bytes are written once.
type slab struct {
	chunks []slabChunk
	free   []uint32 // chunks given up
	last   uint32   // chunk being filled
}

type slabChunk struct {
	bytes []byte
	live  int // bytes of records that still count
}

// location is where a state is in a slab; the zero location is none. Before it are the slot it
// belongs to, and its size.
type location struct{ chunk, at, size uint32 }

const (
	chunkSize    = 1 << 20
	recordPrefix = 8
)

func (s *slab) get(at location) []byte {
	if at.size == 0 {
		return nil
	}
	return s.chunks[at.chunk].bytes[at.at : at.at+at.size : at.at+at.size]
}

// put copies data into the slab for a slot.
func (s *slab) put(slot uint32, data []byte) location {
	if len(data) == 0 {
		return location{}
	}
	need := recordPrefix + len(data)
	if len(s.chunks) == 0 || cap(s.chunks[s.last].bytes)-len(s.chunks[s.last].bytes) < need {
		s.begin(max(chunkSize, need))
	}
	c := &s.chunks[s.last]
	c.bytes = binary.LittleEndian.AppendUint32(c.bytes, slot)
	c.bytes = binary.LittleEndian.AppendUint32(c.bytes, uint32(len(data)))
	at := location{s.last, uint32(len(c.bytes)), uint32(len(data))}
	c.bytes = append(c.bytes, data...)
	c.live += need
	return at
}

// begin starts a chunk.
func (s *slab) begin(size int) {
	if len(s.chunks) > 0 && s.chunks[s.last].live == 0 {
		s.giveUp(s.last)
	}
	if n := len(s.free); n > 0 {
		s.last, s.free = s.free[n-1], s.free[:n-1]
	} else {
		s.last = uint32(len(s.chunks))
		s.chunks = append(s.chunks, slabChunk{})
	}
	s.chunks[s.last] = slabChunk{bytes: make([]byte, 0, size)}
}

// drop gives up a state. It reports whether so little of its chunk still counts that the rest
// should move.
func (s *slab) drop(at location) bool {
	if at.size == 0 {
		return false
	}
	c := &s.chunks[at.chunk]
	c.live -= recordPrefix + int(at.size)
	return at.chunk != s.last && c.live < len(c.bytes)/4*3
}

// clear gives up a chunk and calls move for each record in it; move must put it elsewhere if it
// still counts.
func (s *slab) clear(n uint32, move func(slot uint32, at location, data []byte)) {
	b := s.chunks[n].bytes
	for at := uint32(recordPrefix); int(at) <= len(b); {
		slot, size := binary.LittleEndian.Uint32(b[at-8:]), binary.LittleEndian.Uint32(b[at-4:])
		move(slot, location{n, at, size}, b[at:at+size])
		at += size + recordPrefix
	}
	s.giveUp(n)
}

func (s *slab) giveUp(n uint32) {
	s.chunks[n] = slabChunk{}
	s.free = append(s.free, n)
}
