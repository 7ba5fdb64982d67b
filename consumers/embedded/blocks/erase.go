package blocks

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"os"
)

// Place is a record of a block file that has to be overwritten. It says nothing of what was in it.
type Place struct {
	File string `json:"file"` // below the data folder
	At   int64  `json:"at"`   // bytes
	Size uint32 `json:"size"` // bytes
	Seq  uint64 `json:"seq"`
}

func Overwrite(path string, records []Place) (err error) {
	h, err := RecordHash(Of(path))
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for _, r := range records {
		var is [recordHeader]byte
		if _, err := f.ReadAt(is[:], r.At); errors.Is(err, io.EOF) {
			continue // the block was written anew, and is shorter
		} else if err != nil {
			return err
		}
		if length := binary.LittleEndian.Uint32(is[:]) &^ headersBit; length != r.Size ||
			binary.LittleEndian.Uint64(is[4:])&^erasedBit != r.Seq || r.Size < recordHeader+recordSum {
			continue // another one stands there now
		}
		if _, err := f.WriteAt(ErasedRecord(r, h), r.At); err != nil {
			return err
		}
	}
	return f.Sync()
}

// ErasedRecord is what the server puts in the place of a message that it erases: of the same length,
// marked, without subject and time, random.
func ErasedRecord(r Place, h hash.Hash) []byte {
	b := make([]byte, r.Size)
	binary.LittleEndian.PutUint32(b, r.Size)
	binary.LittleEndian.PutUint64(b[4:], r.Seq|erasedBit)
	data := b[recordHeader : len(b)-recordSum]
	rand.Read(data)
	h.Reset()
	h.Write(b[4:20])
	h.Write(data)
	copy(b[len(b)-recordSum:], h.Sum(nil))
	return b
}

// erasedBit marks the sequence of a record that was overwritten.
const erasedBit = 1 << 63
