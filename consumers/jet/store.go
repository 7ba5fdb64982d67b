package jet

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Errors of a Store, by what the caller has to do.
var (
	// ErrConflict: somebody else wrote one of the subjects meanwhile. Nothing was stored. Read back
	// and fold again.
	ErrConflict = errors.New("another instance wrote the same patient")
	// ErrUnknown: no answer, or none that tells. It may have been stored. Read back and fold again,
	// never send again blindly.
	ErrUnknown = errors.New("outcome of the commit is not known")
	// ErrPoison: these inputs can never be committed. Others must not wait for them.
	ErrPoison = errors.New("cannot be committed")
)

// Stored is what a Store has under a subject.
type Stored struct {
	Sequence uint64 // 0 when there is nothing
	Header   nats.Header
	Data     []byte
	Verdict  *layout.Verdict // on its signature; nil as long as nobody looked
}

// Store is the stream RLS as a Committer needs it: one message a subject, the newest.
type Store interface {
	// Send stores messages in their order, all or none; the answer comes once, within the store's
	// own time. None is stored where a header Nats-Expected-Last-Subject-Sequence does not hold.
	// What is sent later is stored later.
	Send(ctx context.Context, msgs []*nats.Msg) <-chan Written
	// Last is what stands under each of subjects.
	Last(ctx context.Context, subjects []string) ([]Stored, error)
}

// Written is what became of messages that were sent.
type Written struct {
	First uint64 // sequence of the first message; the others follow it without a gap
	Err   error  // wraps ErrConflict, ErrUnknown or ErrPoison
}

// MaxBatch is the most messages that the server takes in one atomic batch.
const MaxBatch = 1000
