package checks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Errors of DecodeState. Their texts hold nothing of the state.
var (
	// ErrStateVersion: the state is whole, but of a format that this program does not know. It must not be overwritten.
	ErrStateVersion = errors.New("state of an unknown format version")
	// ErrStateDamaged: the bytes are not what AppendState wrote.
	ErrStateDamaged = errors.New("damaged state")
)

// The envelope is the same in every format version, so that a newer state can be told from a damaged one:
// magic byte, version byte, body, CRC-32C of all that (4 bytes, little endian).
const (
	stateMagic   = 0xB5
	stateVersion = 2 // that is written
	stateOldest  = 1 // that is read: it tells nothing of kinds and places (codec_places.go)
	stateMinimum = 2 + crc32.Size
)

var codecCRC = crc32.MakeTable(crc32.Castagnoli)

// AppendState encodes st compactly, behind a format version and a checksum, and appends that to b. Equal states give equal bytes. It
// relies on what State and Fact promise: of the pointers of a Fact only the one that Kind names is written.
func AppendState(b []byte, st *State) []byte {
	start := len(b)
	c := coder{b: append(b, stateMagic, stateVersion), version: stateVersion, facts: st.Facts}
	c.state(st)
	return binary.LittleEndian.AppendUint32(c.b, crc32.Checksum(c.b[start:], codecCRC))
}

// DecodeState reads what AppendState wrote, field by field the same; but an empty slice comes back as nil. An error is
// ErrStateVersion or ErrStateDamaged, with more words around it, and then there is no state: a part of one is never returned.
// The state shares no memory with b. Memory taken is at most proportional to len(b).
func DecodeState(b []byte) (*State, error) {
	version, body, err := openState(b)
	if err != nil {
		return nil, err
	}
	st := new(State)
	if err := decodeBody(body, &coder{reading: true, version: version}, st); err != nil {
		return nil, err
	}
	return st, nil
}

// openState takes the envelope off a state.
func openState(b []byte) (version byte, body []byte, err error) {
	if len(b) < stateMinimum {
		return 0, nil, fmt.Errorf("%w: %d bytes are too few", ErrStateDamaged, len(b))
	}
	body, sum := b[:len(b)-crc32.Size], b[len(b)-crc32.Size:]
	if body[0] != stateMagic {
		return 0, nil, fmt.Errorf("%w: not a state", ErrStateDamaged)
	}
	if crc32.Checksum(body, codecCRC) != binary.LittleEndian.Uint32(sum) {
		return 0, nil, fmt.Errorf("%w: checksum", ErrStateDamaged)
	}
	if body[1] < stateOldest || body[1] > stateVersion {
		return 0, nil, fmt.Errorf("%w: %d, and this program knows %d to %d", ErrStateVersion, body[1], stateOldest, stateVersion)
	}
	return body[1], body[2:], nil
}

func decodeBody(body []byte, c *coder, st *State) error {
	c.b = body
	c.state(st)
	if c.damaged || len(c.b) > 0 {
		return fmt.Errorf("%w: its content does not fit its format", ErrStateDamaged)
	}
	return nil
}
