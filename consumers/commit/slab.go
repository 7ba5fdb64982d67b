package commit

import (
	"encoding/binary"
)

// slab keeps encoded states one after the other in large chunks: as objects of their own a million of them would take a third more memory,
// and most of a start would be the garbage collector looking at each again and again. What is handed out stays as it is: bytes are
// written once.
type slab struct {
	Chunks []slabChunk
	free   []uint32 // chunks that were given up
	last   uint32   // the chunk that is being filled
}

type slabChunk struct {
	Bytes []byte
	Live  int // bytes of records that still count
}

// location is where a state is in a slab; the zero location is none. In front of it stands the slot that it belongs to, and its size.
type location struct{ chunk, at, Size uint32 }

const (
	ChunkSize    = 1 << 20
	RecordPrefix = 8
)

func (s *slab) get(at location) []byte {
	if at.Size == 0 {
		return nil
	}
	return s.Chunks[at.chunk].Bytes[at.at : at.at+at.Size : at.at+at.Size]
}

// put copies data in for a slot.
func (s *slab) put(slot uint32, data []byte) location {
	if len(data) == 0 {
		return location{}
	}
	need := RecordPrefix + len(data)
	if len(s.Chunks) == 0 || cap(s.Chunks[s.last].Bytes)-len(s.Chunks[s.last].Bytes) < need {
		s.begin(max(ChunkSize, need))
	}
	c := &s.Chunks[s.last]
	c.Bytes = binary.LittleEndian.AppendUint32(c.Bytes, slot)
	c.Bytes = binary.LittleEndian.AppendUint32(c.Bytes, uint32(len(data)))
	at := location{s.last, uint32(len(c.Bytes)), uint32(len(data))}
	c.Bytes = append(c.Bytes, data...)
	c.Live += need
	return at
}

// begin begins a chunk.
func (s *slab) begin(size int) {
	if len(s.Chunks) > 0 && s.Chunks[s.last].Live == 0 {
		s.giveUp(s.last)
	}
	if n := len(s.free); n > 0 {
		s.last, s.free = s.free[n-1], s.free[:n-1]
	} else {
		s.last = uint32(len(s.Chunks))
		s.Chunks = append(s.Chunks, slabChunk{})
	}
	s.Chunks[s.last] = slabChunk{Bytes: make([]byte, 0, size)}
}

// drop gives a state up. It tells whether so little of its chunk counts that the rest should move.
func (s *slab) drop(at location) bool {
	if at.Size == 0 {
		return false
	}
	c := &s.Chunks[at.chunk]
	c.Live -= RecordPrefix + int(at.Size)
	return at.chunk != s.last && c.Live < len(c.Bytes)/4*3
}

// clear gives a chunk up and calls move for each record in it, which has to put it elsewhere where it still counts.
func (s *slab) clear(n uint32, move func(slot uint32, at location, data []byte)) {
	b := s.Chunks[n].Bytes
	for at := uint32(RecordPrefix); int(at) <= len(b); {
		slot, size := binary.LittleEndian.Uint32(b[at-8:]), binary.LittleEndian.Uint32(b[at-4:])
		move(slot, location{n, at, size}, b[at:at+size])
		at += size + RecordPrefix
	}
	s.giveUp(n)
}

func (s *slab) giveUp(n uint32) {
	s.Chunks[n] = slabChunk{}
	s.free = append(s.free, n)
}
