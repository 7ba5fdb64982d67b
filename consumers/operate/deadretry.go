package operate

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Retried is what became of dead letters that were put through again.
type Retried struct {
	Inputs  int               // put on the bus as new messages
	Letters int               // removed
	Failed  map[uint64]error  // letters that stay, by number
	Last    uint64            // sequence of the last new message in the stream FHIR
	news    map[uint64]uint64 // letter of each new message
}

// Retry puts the inputs of dead letters on the bus again, as new messages, and removes the letters
// once those are stored. Rejections of one input are one: letters should come from Select with
// siblings. What fails stays a dead letter and costs the others nothing; an error is that of ctx,
// or of a server that takes nothing any more. progress, which may be nil, is called after each
// letter.
func (o *Operator) Retry(ctx context.Context, letters []layout.DeadLetter, progress func()) (Retried, error) {
	r := Retried{Failed: map[uint64]error{}, news: map[uint64]uint64{}}
	var order []layout.InputID
	groups := map[layout.InputID][]layout.DeadLetter{}
	for _, l := range letters {
		id := l.From()
		if l.Input == 0 {
			id = layout.InputID{Sequence: l.Number, Epoch: -1} // of unknown origin: each for itself
		}
		if groups[id] == nil {
			order = append(order, id)
		}
		groups[id] = append(groups[id], l)
	}
	for _, id := range order {
		if err := o.retryInput(ctx, groups[id], &r); err != nil {
			return r, err
		}
		for range groups[id] {
			if progress != nil {
				progress()
			}
		}
	}
	return r, nil
}

func (o *Operator) retryInput(ctx context.Context, letters []layout.DeadLetter, r *Retried) error {
	data, err := o.payloadOf(ctx, letters)
	if err == nil {
		var seq uint64
		if seq, err = o.republish(ctx, &letters[0], data); err == nil {
			r.Inputs++
			r.Last = max(r.Last, seq)
			r.news[seq] = letters[0].Number
		}
	}
	for _, l := range letters {
		failed := err
		if failed == nil {
			failed = o.Drop(ctx, l.Number)
		}
		if failed != nil {
			r.Failed[l.Number] = failed
			continue
		}
		r.Letters++
	}
	if ctx.Err() != nil || errors.Is(err, nats.ErrConnectionClosed) {
		return errors.Join(ctx.Err(), err)
	}
	return nil
}

// payloadOf is the payload that the first of several rejections of one input has.
func (o *Operator) payloadOf(ctx context.Context, letters []layout.DeadLetter) ([]byte, error) {
	for _, l := range letters {
		if l.LeftOut {
			continue
		}
		_, data, err := o.DeadLetter(ctx, l.Number)
		return data, err
	}
	return o.inbound(ctx, letters[0].From())
}

// republish publishes an input on the subject of its type. On the one where acknowledgements count
// it goes only if it came there: whoever retries must not lend that permission to a producer who
// did not have it.
func (o *Operator) republish(ctx context.Context, l *layout.DeadLetter, data []byte) (uint64, error) {
	subject := layout.InboundSubject(layout.ResourceType(data))
	switch {
	case l.Acknowledge:
		subject = layout.SubjectAcknowledge
	case subject == layout.SubjectAcknowledge:
		subject = layout.InboundSubject("")
	}
	ack, err := o.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: data})
	if err != nil {
		return 0, fmt.Errorf("publishing on %s: %w", subject, err)
	}
	return ack.Sequence, nil
}

// WaitDecided returns when the inbound stream has been decided up to a sequence.
func (o *Operator) WaitDecided(ctx context.Context, sequence uint64, w jet.WaitOptions) error {
	return jet.WaitDecided(ctx, o.js, sequence, w)
}

// RejectedAgain are the dead letters that a retry led to, once it has been decided.
func (o *Operator) RejectedAgain(ctx context.Context, r *Retried) ([]layout.DeadLetter, error) {
	stream, err := o.js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	epoch := stream.CachedInfo().Created.UnixNano()
	var again []layout.DeadLetter
	err = o.DeadLetters(ctx, "", func(l layout.DeadLetter) error {
		if _, ours := r.news[l.Input]; ours && l.Epoch == epoch && !l.PartlyRead() {
			again = append(again, l)
		}
		return nil
	})
	return again, err
}
