package decided

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// mostLost bounds the list of lost sequences in the record; earlier ones are only counted.
const mostLost = 1000

// InputRecord says what became of the sequences of the stream FHIR.
type InputRecord struct {
	Stream  int64     `json:"stream"`  // its creation, Unix nanoseconds
	Decided Stretches `json:"decided"` // and its effects are stored, or the loss was acknowledged
	Lost    Stretches `json:"lost,omitempty"`
	Earlier uint64    `json:"earlier,omitempty"`      // lost before those, no longer listed
	Known   uint64    `json:"acknowledged,omitempty"` // lost, as acknowledged by an operator

	// Tallies are the numbers of the newest tallies of states, by slot, since these started afresh
	// Anew times.
	Tallies map[string]uint64 `json:"tallies,omitempty"`
	Anew    uint64            `json:"anew,omitempty"`

	Seq      uint64 `json:"-"` // in the stream RLS
	Replaced uint64 `json:"-"` // sequence of the record it replaced
	Foreign  bool   `json:"-"` // rlsguard did not write it: only its sequence is known
}

// Accounted are the sequences nobody has to look for.
func (r *InputRecord) Accounted() Stretches { return r.Decided.With(r.Lost) }

// Open is how many lost inputs nobody has acknowledged.
func (r *InputRecord) Open() uint64 { return r.Lost.Count() + r.Earlier }

// shorten keeps the record small enough for a message.
func (r *InputRecord) shorten() {
	for len(r.Lost) > mostLost {
		x := r.Lost[0]
		r.Earlier += x.Count()
		r.Decided, r.Lost = r.Decided.With(Stretches{x}), r.Lost[1:]
	}
}

// ReadInputs reads the record; nil if there is none. An unsigned one newer than unsigned is
// Foreign, and of no stream.
func ReadInputs(
	ctx context.Context,
	js jetstream.JetStream,
	signer *layout.Signer,
	unsigned uint64,
) (*InputRecord, error) {
	stream, err := js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, layout.SubjectInputs)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", layout.SubjectInputs, err)
	}
	r := &InputRecord{Seq: m.Sequence}
	if layout.IsSigned(m.Header) || m.Sequence > unsigned {
		counter, _, err := signer.Check(m.Subject, m.Header, m.Data)
		if err != nil || counter >= m.Sequence {
			return &InputRecord{Seq: m.Sequence, Foreign: true}, nil
		}
		r.Replaced = counter
	}
	if err := json.Unmarshal(m.Data, r); err != nil {
		return &InputRecord{Seq: m.Sequence}, nil // of no stream: started afresh
	}
	return r, nil
}

// Write stores the record, replacing only the one with r's sequence.
func (r *InputRecord) Write(ctx context.Context, to jet.Store, signer *layout.Signer) error {
	r.shorten()
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	m := &nats.Msg{Subject: layout.SubjectInputs, Data: data,
		Header: nats.Header{layout.HeaderExpect: {strconv.FormatUint(r.Seq, 10)}}}
	signer.Sign(m, r.Seq)
	written := <-to.Send(ctx, []*nats.Msg{m})
	if written.Err == nil {
		r.Seq = written.First
	}
	return written.Err
}
