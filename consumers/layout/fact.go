package layout

import (
	"errors"
	"fmt"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// DecodeFact reads a state of one fact, the form in which Medications and tombstones are kept.
func DecodeFact(data []byte) (*facts.Fact, error) {
	st, err := codec.Decode(data)
	if err != nil {
		return nil, err
	}
	if len(st.Facts) != 1 {
		return nil, fmt.Errorf("a state of %d facts where one was expected", len(st.Facts))
	}
	return &st.Facts[0], nil
}

// EncodeFact is a Medication or a tombstone as stored.
func EncodeFact(f facts.Fact) []byte {
	return codec.Append(nil, &checks.State{Facts: []facts.Fact{f}})
}

// ErrState: a stored state cannot be read. Deciding without it could swallow flags, so nothing is
// decided.
var ErrState = errors.New("a stored state cannot be read")
