package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Errors about dead letters.
var (
	ErrNoLetter  = errors.New("no dead letter has this number")
	ErrNoPayload = errors.New("its payload was left out, and the stream FHIR no longer holds the input")
)

// DeadLetters calls do with every dead letter, oldest first; with a reason, only with those.
func (o *Operator) DeadLetters(ctx context.Context, reason string, do func(layout.DeadLetter) error) error {
	return jet.DeadLetters(ctx, o.js, jetstream.OrderedConsumerConfig{}, reason, do)
}

// DeadLetter reads one with its payload, from the stream FHIR where it was left out; then nil, when
// that does not hold it any more. Its error is ErrNoLetter or one of the server.
func (o *Operator) DeadLetter(ctx context.Context, number uint64) (layout.DeadLetter, []byte, error) {
	stream, err := o.js.Stream(ctx, layout.StreamDead)
	if err != nil {
		return layout.DeadLetter{}, nil, fmt.Errorf("stream %s: %w", layout.StreamDead, err)
	}
	m, err := stream.GetMsg(ctx, number)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return layout.DeadLetter{}, nil, ErrNoLetter
	}
	if err != nil {
		return layout.DeadLetter{}, nil, fmt.Errorf("stream %s: %w", layout.StreamDead, err)
	}
	l := layout.LetterOf(m.Sequence, m.Time, m.Header, len(m.Data))
	if !l.LeftOut {
		return l, m.Data, nil
	}
	data, err := o.inbound(ctx, l.From())
	if errors.Is(err, ErrNoPayload) {
		return l, nil, nil
	}
	return l, data, err
}

// inbound reads an input from the stream FHIR, if that still is the stream that it came on.
func (o *Operator) inbound(ctx context.Context, id layout.InputID) ([]byte, error) {
	stream, err := o.js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	if stream.CachedInfo().Created.UnixNano() != id.Epoch || id.Sequence == 0 {
		return nil, ErrNoPayload
	}
	m, err := stream.GetMsg(ctx, id.Sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, ErrNoPayload
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	return m.Data, nil
}

// DeadSelection says which dead letters are meant.
type DeadSelection struct {
	Numbers []uint64
	Reason  string // all of this reason
	All     bool
	// Rejected: All leaves out letters that tell of an input which counted, but for parts.
	Rejected bool
}

func (s *DeadSelection) has(l *layout.DeadLetter) bool {
	return s.All && !(s.Rejected && l.PartlyRead()) || s.Reason != "" && l.Reason == s.Reason ||
		slices.Contains(s.Numbers, l.Number)
}

// Select reads the dead letters that are meant, oldest first, and the numbers that no letter has.
// With siblings it also takes the other rejections of the same inputs.
func (o *Operator) Select(
	ctx context.Context,
	s DeadSelection,
	siblings bool,
) (found []layout.DeadLetter, missing []uint64, err error) {
	inputs := map[layout.InputID]struct{}{}
	var rest []layout.DeadLetter
	missing = slices.Clone(s.Numbers)
	err = o.DeadLetters(ctx, "", func(l layout.DeadLetter) error {
		switch {
		case s.has(&l):
			found = append(found, l)
			inputs[l.From()] = struct{}{}
			missing = slices.DeleteFunc(missing, func(n uint64) bool { return n == l.Number })
		case siblings && l.Input > 0:
			rest = append(rest, l)
		}
		return nil
	})
	for _, l := range rest {
		if _, ok := inputs[l.From()]; ok {
			found = append(found, l)
		}
	}
	slices.SortFunc(found, func(a, b layout.DeadLetter) int { return int(int64(a.Number - b.Number)) })
	return found, missing, err
}

// Drop removes a dead letter for good. One that is gone already is no error.
func (o *Operator) Drop(ctx context.Context, number uint64) error {
	stream, err := o.js.Stream(ctx, layout.StreamDead)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamDead, err)
	}
	err = stream.SecureDeleteMsg(ctx, number)
	if err != nil && !jet.IsNoMessage(err) {
		return fmt.Errorf("removing dead letter %d: %w", number, err)
	}
	return nil
}
