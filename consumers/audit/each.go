package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Reading says what Each reads.
type Reading struct {
	Flag        string // id; "" is every flag
	HeadersOnly bool
}

// Each calls do with every entry that is kept, oldest first and none twice, while instances go on.
// What is copied meanwhile is not missed: it stays in RLS for longer (see KeepBoth) than reading
// takes from the end of RLS_AUDIT to the same place in RLS.
func Each(ctx context.Context, js jetstream.JetStream, r Reading, do func(Entry) error) error {
	copies, originals := layout.SubjectAudit+">", layout.SubjectAudit+">"
	if r.Flag != "" {
		copies, originals = layout.SubjectAudit+r.Flag, layout.SubjectAudit+r.Flag+".*"
	}
	first, made, err := firstIn(ctx, js, originals)
	if err != nil {
		return err
	}
	held := map[uint64]struct{}{} // of those that may be in RLS too
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{copies}, HeadersOnly: r.HeadersOnly}
	twice, err := copiedAgain(ctx, js)
	if err != nil {
		return err
	}
	seen := map[uint64]struct{}{}
	err = each(ctx, js, layout.StreamAudit, cfg, func(e Entry) error {
		if twice {
			if _, ok := seen[e.Sum()]; ok {
				return nil
			}
			seen[e.Sum()] = struct{}{}
		}
		if first > 0 && e.Committed >= first && !e.Stored.Before(made) {
			held[e.Sum()] = struct{}{}
		}
		return do(e)
	})
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) { // see copiedAgain
		return err
	}
	cfg.FilterSubjects = []string{originals}
	return each(ctx, js, layout.StreamRLS, cfg, func(e Entry) error {
		if _, ok := held[e.Sum()]; ok {
			return nil
		}
		return do(e)
	})
}

// copiedAgain tells whether RLS_AUDIT may hold an entry twice. A server that was not set up by this
// version has no such stream.
func copiedAgain(ctx context.Context, js jetstream.JetStream) (bool, error) {
	s, err := js.Stream(ctx, layout.StreamAudit)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("stream %s: %w", layout.StreamAudit, err)
	}
	return jet.AuditCopiedAgain(s.CachedInfo()), nil
}

// firstIn is the sequence of the first entry that RLS has under a subject, 0 for none, and when RLS
// was made.
func firstIn(ctx context.Context, js jetstream.JetStream, subject string) (uint64, time.Time, error) {
	stream, err := js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	made := stream.CachedInfo().Created
	m, err := stream.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(subject))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return 0, made, nil
	case err != nil:
		return 0, made, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	return m.Sequence, made, nil
}

// each calls do with the entries that one stream has.
func each(
	ctx context.Context,
	js jetstream.JetStream,
	stream string,
	cfg jetstream.OrderedConsumerConfig,
	do func(Entry) error,
) error {
	return jet.Each(ctx, js, stream, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		e, ok := entryOf(m, meta)
		if !ok {
			return nil
		}
		return do(e)
	})
}
