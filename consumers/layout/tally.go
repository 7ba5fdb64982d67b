package layout

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go"
)

// SubjectTally holds the tallies: each batch that changes states carries one, so that removing a
// state, or putting back an older one, is noticed even if no instance was running.
const SubjectTally = SubjectState + "tally."

// Tally is one writer's part of a sum over all states: what it added and what it took away. All
// tallies together are the sum over the stored states. Each process writes its own, to avoid
// conflicts.
type Tally struct {
	By     string // session that wrote it
	States Sum    // over states of patients, Medications and tombstones, without erasure markers
	Site   Sum    // over the record of the site
	// Unsigned is the Signed of the site record, in case that is lost.
	Unsigned uint64
	// Anew counts how often the tallies started afresh with what was there: whoever knows of more
	// must read everything again.
	Anew uint64
	// N counts the tallies in a slot. The record of decided inputs names the newest, so that one
	// cannot be put back together with the states of its time.
	N uint64
	// Size and Changes describe the batch it was written with: a power failure may cut a batch
	// short, and the tally comes first in it.
	Size    uint32
	Changes []Change

	Seq  uint64 // in the stream RLS, as read or written; 0 for none
	Gone bool   // no longer in the stream
}

// Change is a state that a batch writes.
type Change struct {
	Kind  byte // of the subject, see KindOf
	Token Token
	Sum   Sum
	New   bool // nothing was there before
}

// StateKinds are the subjects of states up to their tokens, in the order of restoring.
var StateKinds = []string{SubjectGone, SubjectMedication, SubjectPatient}

// tallyVersion is the first byte of a tally.
const tallyVersion = 1

const (
	changeSize = 1 + len(Token{}) + 16
	newChange  = 0x80 // in the kind
	fixedSize  = 16 + 16 + 8 + 8 + 8 + 4
)

// Message is the tally as stored in a slot.
func (t *Tally) Message(slot string) *nats.Msg {
	b := make([]byte, 0, 64+len(t.By)+len(t.Changes)*changeSize)
	b = appendPart(append(b, tallyVersion), t.By)
	b = appendSum(appendSum(b, t.States), t.Site)
	b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, t.Unsigned), t.Anew)
	b = binary.BigEndian.AppendUint64(b, t.N)
	b = binary.BigEndian.AppendUint32(b, t.Size)
	for i := range t.Changes {
		c := &t.Changes[i]
		kind := c.Kind
		if c.New {
			kind |= newChange
		}
		b = appendSum(append(append(b, kind), c.Token[:]...), c.Sum)
	}
	expect := t.Seq
	if t.Gone {
		expect = 0
	}
	return &nats.Msg{Subject: SubjectTally + slot, Data: b, Header: nats.Header{
		HeaderExpect: {strconv.FormatUint(expect, 10)},
	}}
}

func appendSum(b []byte, s Sum) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, s[0]), s[1])
}

// ParseTally reads what Message wrote, stored under a sequence of the stream RLS.
func ParseTally(seq uint64, b []byte) (*Tally, error) {
	bad := fmt.Errorf("a tally of %d bytes that cannot be read", len(b))
	if len(b) < 2 || b[0] != tallyVersion {
		return nil, bad
	}
	n, read := binary.Uvarint(b[1:])
	if b = b[1+max(read, 0):]; read <= 0 || n > 64 || uint64(len(b)) < n+fixedSize {
		return nil, bad
	}
	t := &Tally{By: string(b[:n]), Seq: seq}
	b = b[n:]
	t.States, t.Site = sumAt(b), sumAt(b[16:])
	t.Unsigned, t.Anew = binary.BigEndian.Uint64(b[32:]), binary.BigEndian.Uint64(b[40:])
	t.N, t.Size = binary.BigEndian.Uint64(b[48:]), binary.BigEndian.Uint32(b[56:])
	if b = b[fixedSize:]; len(b)%changeSize != 0 {
		return nil, bad
	}
	for ; len(b) > 0; b = b[changeSize:] {
		c := Change{Kind: b[0] &^ newChange, New: b[0]&newChange != 0, Sum: sumAt(b[1+len(Token{}):])}
		copy(c.Token[:], b[1:])
		if c.Kind > KindSite {
			return nil, bad
		}
		t.Changes = append(t.Changes, c)
	}
	return t, nil
}

func sumAt(b []byte) Sum { return Sum{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])} }

// KindSite is the kind of the site record, which has no token.
const KindSite byte = 3

// KindOf is the position of a kind in StateKinds.
func KindOf(kind string) byte {
	if i := slices.Index(StateKinds, kind); i >= 0 {
		return byte(i)
	}
	return KindSite
}
