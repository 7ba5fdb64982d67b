package operate

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// authentic tells what a message of RLS, which stood there under a sequence, adds to the tallies. Its
// error is ErrForeign.
func authentic(
	signer *layout.Signer,
	site *layout.SiteRecord,
	subject string,
	h nats.Header,
	data []byte,
	seq uint64,
) (layout.Sum, error) {
	if !layout.IsSigned(h) && seq <= legacy(site) {
		return layout.Sum{}, nil // of an earlier version
	}
	counter, sum, err := signer.Check(subject, h, data)
	if err == nil && counter >= seq {
		err = layout.ErrForeign
	}
	if err != nil {
		err = fmt.Errorf("sequence %d of %s: %w", seq, layout.StreamRLS, err)
	}
	return sum, err
}

// checking is what authentic says of messages to whoever has the site key, and nothing where that is
// nil.
func (o *Operator) checking(
	ctx context.Context,
	key []byte,
) (func(subject string, h nats.Header, data []byte, seq uint64) error, error) {
	if key == nil {
		return func(string, nats.Header, []byte, uint64) error { return nil }, nil
	}
	site, err := o.site(ctx, key)
	if err != nil {
		return nil, err
	}
	signer := layout.NewSigner(key)
	return func(subject string, h nats.Header, data []byte, seq uint64) error {
		_, err := authentic(signer, site, subject, h, data, seq)
		return err
	}, nil
}

// writeStates stores messages that are signed, with a tally that counts less by what they take away.
// It returns the sequence of the first of them.
func (o *Operator) writeStates(
	ctx context.Context,
	signer *layout.Signer,
	site *layout.SiteRecord,
	msgs []*nats.Msg,
	less layout.Sum,
) (uint64, error) {
	if site.Signed == 0 { // nothing is tallied yet
		return o.Store.Write(ctx, msgs)
	}
	slot, t, err := commit.FreeSlot(ctx, o.Store, signer)
	if err != nil {
		return 0, err
	}
	t.N++
	t.By, t.Size, t.Changes = nuid.Next(), uint32(len(msgs)+1), nil
	t.States, t.Unsigned = t.States.Minus(less), site.Signed
	tally := t.Message(slot)
	signer.Sign(tally, t.Seq)
	first, err := o.Store.Write(ctx, slices.Concat([]*nats.Msg{tally}, msgs))
	return first + 1, err
}

// legacy is the sequence of RLS up to which messages may be without a signature.
func legacy(site *layout.SiteRecord) uint64 {
	if site.Signed == 0 {
		return math.MaxUint64
	}
	return site.Signed
}
