package blocks

import (
	"bytes"
	"encoding/binary"
	"hash"
	"os"
	"slices"
	"sync"
)

// Scrubbed is what is known of a block file.
type Scrubbed struct {
	Size    int
	At      int    // where the first bad record begins; -1 when there is none
	Reached uint64 // the last sequence before it
	Torn    bool   // it may be a write that was cut short
	Err     error
}

// scrubBuffers are as large as the blocks of the server: a new one for each would cost more than
// the reading.
var scrubBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func Scrub(path string) (s Scrubbed) {
	f, err := os.Open(path)
	if err != nil {
		return Scrubbed{Err: err}
	}
	defer f.Close()
	buf := scrubBuffers.Get().(*bytes.Buffer)
	defer scrubBuffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(f); err != nil {
		return Scrubbed{Err: err}
	}
	stream, n := Of(path)
	s.Size = buf.Len()
	s.At, s.Reached, s.Torn = scrubBlock(buf.Bytes(), stream, n)
	return s
}

// scrubBlock returns where the first bad record begins, -1 when there is none, the last sequence
// before it, and whether it may be a write that was cut short.
func scrubBlock(data []byte, stream string, n int) (at int, reached uint64, torn bool) {
	h, err := RecordHash(stream, n)
	if err != nil {
		return 0, 0, false
	}
	for at < len(data) {
		size := sound(data[at:], h)
		if size == 0 {
			return at, reached, cutShort(data[at:])
		}
		reached = max(reached, binary.LittleEndian.Uint64(data[at+4:])&^deletedBits)
		at += size
	}
	return -1, reached, false
}

// sound is the size of the record that data begins with; 0 when it is no sound one.
func sound(data []byte, h hash.Hash) int {
	if len(data) < recordHeader+recordSum {
		return 0
	}
	length, subject := binary.LittleEndian.Uint32(data), int(binary.LittleEndian.Uint16(data[20:]))
	size, from := int(length&^headersBit), recordHeader+subject
	if length&headersBit != 0 {
		from += 4 // the length of the headers is not part of the sum
	}
	if size > len(data) || from > size-recordSum {
		return 0
	}
	h.Reset()
	h.Write(data[4:20])
	h.Write(data[recordHeader : recordHeader+subject])
	h.Write(data[from : size-recordSum])
	var sum [recordSum]byte
	if !bytes.Equal(h.Sum(sum[:0]), data[size-recordSum:size]) {
		return 0
	}
	return size
}

// cutShort tells whether rest may be a record that was not written to its end: it reaches beyond
// the file, or is blank.
func cutShort(rest []byte) bool {
	if len(rest) < recordHeader+recordSum || !slices.ContainsFunc(rest, func(b byte) bool { return b != 0 }) {
		return true
	}
	return int(binary.LittleEndian.Uint32(rest)&^headersBit) > len(rest)
}
