package jet

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// DeadLetters calls do with every dead letter that a consumer of cfg is given; reason leaves out
// all others, unless it is "".
func DeadLetters(
	ctx context.Context,
	js jetstream.JetStream,
	cfg jetstream.OrderedConsumerConfig,
	reason string,
	do func(layout.DeadLetter) error,
) error {
	cfg.HeadersOnly, cfg.FilterSubjects = true, []string{layout.SubjectDead + ">"}
	if reason != "" {
		cfg.FilterSubjects = []string{layout.SubjectDead + reason}
	}
	return Each(ctx, js, layout.StreamDead, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		size, _ := strconv.Atoi(m.Headers().Get("Nats-Msg-Size")) // the server always says it
		return do(layout.LetterOf(meta.Sequence.Stream, meta.Timestamp, m.Headers(), size))
	})
}

// IsNoMessage tells whether a deletion found nothing to delete.
func IsNoMessage(err error) bool {
	// the server has one code for all reasons
	gone := func(text string) bool { return strings.Contains(err.Error(), text) }
	return errors.Is(err, jetstream.ErrMsgNotFound) ||
		errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) && (gone("no message found") || gone("deleted message"))
}

// ErrEnough, returned by do, ends a reading before the end of the stream.
var ErrEnough = errors.New("enough is read")

// UnlessEnough is the error of a reading that may have ended with ErrEnough.
func UnlessEnough(err error) error {
	if errors.Is(err, ErrEnough) {
		return nil
	}
	return err
}

// Each calls do with what a stream has, in its order, until there is no more. What is written
// meanwhile is read too, so that at the end all messages under one subject have been seen up to the
// newest. Where others have taken all consumers it reads without one.
func Each(
	ctx context.Context,
	js jetstream.JetStream,
	stream string,
	cfg jetstream.OrderedConsumerConfig,
	do func(jetstream.Msg, *jetstream.MsgMetadata) error,
) error {
	r, pending, err := Read(ctx, js, stream, cfg)
	if full(err) {
		return eachByOne(ctx, js, stream, cfg, do)
	}
	if err != nil {
		return err
	}
	defer r.Stop()
	for pending > 0 {
		m, meta, err := r.Next(ctx)
		if errors.Is(err, ErrNoneLeft) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(m, meta); err != nil {
			return err
		}
		pending = meta.NumPending
	}
	return nil
}
