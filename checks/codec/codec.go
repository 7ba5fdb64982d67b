// Package codec is the only stored form of a checks.State: compact, versioned and checksummed. A
// damaged or newer state is refused, never guessed at. It is hand-written because every patient's
// state is kept in memory: a state takes about a seventh of a generated MessagePack codec's, at the
// same speed.
//
// Use Append and Decode, or a Reader for many states. Never overwrite a state refused with
// errVersion: a newer program wrote it.
//
// It must not know any check or table: a fact's fields mean nothing to it.
package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/rlsguard/rlsguard/checks"
)

// Errors of Decode. Their texts reveal nothing of the state.
var (
	// errVersion: the state is intact, but in a format this program does not know. It must not be
	// overwritten.
	errVersion = errors.New("state of an unknown format version")
	// errDamaged: Append did not write these bytes.
	errDamaged = errors.New("damaged state")
)

// The envelope is the same in every format version, so that a newer state can be told from a
// damaged one: magic byte, version byte, body, CRC-32C of all these (4 bytes, little endian).
const (
	magic   = 0xB5
	version = 2
	// oldest is the first format version. Later ones use bits that were zero, and append: kinds and
	// places (places.go), and what could not be read.
	oldest  = 1
	minimum = 2 + crc32.Size
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Append encodes st compactly, with a format version and a checksum, and appends it to b. Equal
// states give equal bytes. Of a Fact's pointers, only the one that Kind names is written.
func Append(b []byte, st *checks.State) []byte {
	start := len(b)
	c := coder{b: append(b, magic, version), version: version, facts: st.Facts}
	c.state(st)
	return binary.LittleEndian.AppendUint32(c.b, crc32.Checksum(c.b[start:], castagnoli))
}

// Decode reads what Append wrote, identical in every field except that an empty slice becomes nil.
// An error wraps errVersion or errDamaged, and no part of a state is returned. The state shares no
// memory with b. Memory used is at most proportional to len(b).
func Decode(b []byte) (*checks.State, error) {
	format, body, err := unwrap(b)
	if err != nil {
		return nil, err
	}
	st := new(checks.State)
	if err := readBody(body, &coder{reading: true, version: format}, st); err != nil {
		return nil, err
	}
	return st, nil
}

func unwrap(b []byte) (format byte, body []byte, err error) {
	if len(b) < minimum {
		return 0, nil, fmt.Errorf("%w: %d bytes are too few", errDamaged, len(b))
	}
	body, sum := b[:len(b)-crc32.Size], b[len(b)-crc32.Size:]
	if body[0] != magic {
		return 0, nil, fmt.Errorf("%w: not a state", errDamaged)
	}
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(sum) {
		return 0, nil, fmt.Errorf("%w: checksum", errDamaged)
	}
	if body[1] < oldest || body[1] > version {
		return 0, nil, fmt.Errorf("%w: %d, and this program knows %d to %d", errVersion, body[1], oldest, version)
	}
	return body[1], body[2:], nil
}

func readBody(body []byte, c *coder, st *checks.State) error {
	c.b = body
	c.state(st)
	if c.damaged || len(c.b) > 0 {
		return fmt.Errorf("%w: its content does not fit its format", errDamaged)
	}
	return nil
}
