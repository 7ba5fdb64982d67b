package jet

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// directBatch is how many messages one direct get asks for, and directBytes how many bytes of them:
// the server sends no more than its limit for slow clients.
const (
	directBatch = 1000
	directBytes = 8 << 20
)

// errGap: a message of an answer got lost on the way. The rest is asked for again.
var errGap = errors.New("a part of the answer got lost")

// EachDirect calls do with what a stream has from a sequence on, in its order, until there is no
// more; with a subject, which may have wildcards, only with what is under it. It needs no consumer,
// which others could use up. It returns the sequence to go on from.
func EachDirect(
	ctx context.Context,
	js jetstream.JetStream,
	stream, subject string,
	from uint64,
	do func(*jetstream.RawStreamMsg) error,
) (uint64, error) {
	from = max(from, 1)
	for gaps := 0; ; {
		next, more, err := directPart(ctx, js, stream, subject, from, do)
		switch {
		case errors.Is(err, errGap) && gaps < 3:
			gaps++
		case err != nil:
			return next, err
		case !more:
			return next, nil
		default:
			gaps = 0
		}
		from = next
	}
}

// directPart is one question of EachDirect; more tells that the stream has more.
func directPart(
	ctx context.Context,
	js jetstream.JetStream,
	stream, subject string,
	from uint64,
	do func(*jetstream.RawStreamMsg) error,
) (next uint64, more bool, err error) {
	asking, cancel := context.WithTimeout(ctx, js.Options().DefaultTimeout)
	defer cancel()
	options := []jetstreamext.GetBatchOpt{jetstreamext.GetBatchSeq(from), jetstreamext.GetBatchMaxBytes(directBytes)}
	if subject != "" {
		options = append(options, jetstreamext.GetBatchSubject(subject))
	}
	messages, err := jetstreamext.GetBatch(asking, holderOf(js, stream), stream, directBatch, options...)
	if err != nil {
		return from, false, fmt.Errorf("stream %s: %w", stream, err)
	}
	next = from
	pending := uint64(0) // after the message before
	for m, err := range messages {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			return next, false, nil
		}
		if err != nil {
			return next, false, fmt.Errorf("stream %s: %w", stream, err)
		}
		left, err := strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
		if err != nil {
			return next, false, fmt.Errorf("stream %s: %w", stream, err)
		}
		if next > from && left+1 != pending {
			return next, true, fmt.Errorf("stream %s: %w", stream, errGap)
		}
		pending = left
		if err := do(m); err != nil {
			return next, false, err
		}
		next = m.Sequence + 1
		if left == 0 {
			return next, false, nil
		}
	}
	if next == from {
		return next, false, fmt.Errorf("stream %s: %w", stream, context.DeadlineExceeded)
	}
	return next, true, ctx.Err()
}

// firstSince is the sequence of the first message of a stream since a time; false where there is
// none.
func firstSince(ctx context.Context, js jetstream.JetStream, stream string, since time.Time) (uint64, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, js.Options().DefaultTimeout)
	defer cancel()
	messages, err := jetstreamext.GetBatch(ctx, holderOf(js, stream), stream, 1, jetstreamext.GetBatchStartTime(since))
	if err != nil {
		return 0, false, fmt.Errorf("stream %s: %w", stream, err)
	}
	for m, err := range messages {
		switch {
		case errors.Is(err, jetstreamext.ErrNoMessages):
			return 0, false, nil
		case err != nil:
			return 0, false, fmt.Errorf("stream %s: %w", stream, err)
		}
		return m.Sequence, true, nil
	}
	return 0, false, fmt.Errorf("stream %s: %w", stream, context.DeadlineExceeded)
}

// Rejections calls do with what producers are told of rejections since a time.
func Rejections(ctx context.Context, js jetstream.JetStream, since time.Time, do func(layout.Rejection) error) error {
	from, some, err := firstSince(ctx, js, layout.StreamRejected, since)
	if err != nil || !some {
		return err
	}
	_, err = EachDirect(ctx, js, layout.StreamRejected, "", from, func(m *jetstream.RawStreamMsg) error {
		return do(layout.RejectionOf(m.Header))
	})
	return err
}
