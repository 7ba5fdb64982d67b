package operate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// purge removes everything older than a sequence of RLS that was said about a patient's flags, and
// the timers. What a later event of the patient led to is newer, and stays. Messages with a content
// are deleted one by one: the server overwrites those, and only takes note of a purge.
func (o *Operator) purge(ctx context.Context, tok layout.Token, flags []string, upTo uint64) error {
	// what RLS_FLAGS has not copied yet would come after it was purged there
	if err := jet.WaitCopied(ctx, o.js); err != nil {
		return err
	}
	if err := jet.WaitAudited(ctx, o.js); err != nil {
		return err
	}
	stream, err := o.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	for _, s := range []string{layout.SubjectTimer + tok.String(), layout.SubjectDue + tok.String()} {
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(s), jetstream.WithPurgeSequence(upTo)); err != nil {
			return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
		}
	}
	older := func(m *jetstream.RawStreamMsg) bool { return m.Sequence < upTo }
	for _, id := range flags {
		for _, s := range []string{layout.SubjectCommitFlags + "*.*." + id, layout.SubjectAudit + id + ".*"} {
			if _, err := deleteUnder(ctx, stream, s, older); err != nil {
				return err
			}
		}
	}
	for _, id := range flags {
		if err := o.purgeShown(ctx, id, upTo); err != nil {
			return err
		}
		if err := o.purgeAudit(ctx, id, upTo); err != nil {
			return err
		}
	}
	return o.purgeFeedback(ctx, flags)
}

// deleteUnder deletes the messages of a stream under a subject that are old, so that their bytes
// are overwritten, and tells how many those were.
func deleteUnder(
	ctx context.Context,
	stream jetstream.Stream,
	subject string,
	old func(*jetstream.RawStreamMsg) bool,
) (n int, err error) {
	name := stream.CachedInfo().Config.Name
	for next := uint64(1); ; {
		m, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("stream %s: %w", name, err)
		}
		next = m.Sequence + 1
		if !old(m) {
			continue
		}
		if err := deleteMessage(ctx, stream, m.Sequence); err != nil {
			return n, err
		}
		n++
	}
}

// deleteMessage deletes a message, which may be gone already, so that its bytes are overwritten.
func deleteMessage(ctx context.Context, stream jetstream.Stream, seq uint64) error {
	if err := stream.SecureDeleteMsg(ctx, seq); err != nil && !jet.IsNoMessage(err) {
		return fmt.Errorf("stream %s: %w", stream.CachedInfo().Config.Name, err)
	}
	return nil
}

// purgeShown removes a flag from RLS_FLAGS, unless it was opened anew. The stream may be copying
// still, so it is looked at until nothing is left.
func (o *Operator) purgeShown(ctx context.Context, id string, upTo uint64) error {
	stream, err := o.js.Stream(ctx, layout.StreamFlags)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
	}
	older := func(m *jetstream.RawStreamMsg) bool { return jet.SourceSequence(m.Header) < upTo }
	for deadline := time.Now().Add(jet.CopiedTimeout); ; {
		n, err := deleteUnder(ctx, stream, layout.SubjectFlags+"*.*."+id, older)
		if err != nil || n == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("stream %s still copies flags of the patient: erase again", layout.StreamFlags)
		}
	}
}

// purgeAudit removes a flag's transitions from RLS_AUDIT: those that were committed before a
// sequence of RLS, and those of an earlier RLS.
func (o *Operator) purgeAudit(ctx context.Context, id string, upTo uint64) error {
	rls, err := o.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	stream, err := o.js.Stream(ctx, layout.StreamAudit)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamAudit, err)
	}
	_, err = deleteUnder(ctx, stream, layout.SubjectAudit+id, func(m *jetstream.RawStreamMsg) bool {
		return jet.SourceSequence(m.Header) < upTo || m.Time.Before(rls.CachedInfo().Created)
	})
	return err
}

// purgeFeedback removes what users did with cards that showed the flags.
func (o *Operator) purgeFeedback(ctx context.Context, flags []string) error {
	stream, err := o.js.Stream(ctx, layout.StreamFeedback)
	if errors.Is(err, jetstream.ErrStreamNotFound) || err == nil && stream.CachedInfo().State.Msgs == 0 ||
		len(flags) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFeedback, err)
	}
	var found []uint64
	err = jet.Each(
		ctx,
		o.js,
		layout.StreamFeedback,
		jetstream.OrderedConsumerConfig{},
		func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
			for _, id := range flags {
				if bytes.Contains(m.Data(), []byte(strings.ToLower(id))) {
					found = append(found, meta.Sequence.Stream)
					break
				}
			}
			return nil
		},
	)
	for _, seq := range found {
		err = errors.Join(err, deleteMessage(ctx, stream, seq))
	}
	return err
}
