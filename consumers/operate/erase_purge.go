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
// the timers. What a later event of the patient led to is newer, and stays.
func (o *Operator) purge(ctx context.Context, tok layout.Token, flags []string, upTo uint64) error {
	// what RLS_FLAGS has not copied yet would come after it was purged there
	if err := jet.WaitCopied(ctx, o.js); err != nil {
		return err
	}
	if err := jet.WaitAudited(ctx, o.js); err != nil {
		return err
	}
	subjects := []string{layout.SubjectTimer + tok.String(), layout.SubjectDue + tok.String()}
	for _, id := range flags {
		if layout.FlagID.MatchString(id) {
			subjects = append(subjects, layout.SubjectCommitFlags+"*.*."+id, layout.SubjectAudit+id+".*")
		}
	}
	stream, err := o.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	for _, s := range subjects {
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(s), jetstream.WithPurgeSequence(upTo)); err != nil {
			return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
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

// purgeShown removes a flag from RLS_FLAGS, unless it was opened anew. The stream may be copying
// still, so it is looked at until nothing is left.
func (o *Operator) purgeShown(ctx context.Context, id string, upTo uint64) error {
	if !layout.FlagID.MatchString(id) {
		return nil
	}
	stream, err := o.js.Stream(ctx, layout.StreamFlags)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
	}
	for deadline := time.Now().Add(jet.CopiedTimeout); ; {
		info, err := stream.Info(ctx, jetstream.WithSubjectFilter(layout.SubjectFlags+"*.*."+id))
		if err != nil {
			return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
		}
		left := false
		for subject := range info.State.Subjects {
			m, err := stream.GetLastMsgForSubject(ctx, subject)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				continue
			}
			if err != nil {
				return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
			}
			if jet.SourceSequence(m.Header) >= upTo {
				continue
			}
			left = true
			if err := stream.SecureDeleteMsg(ctx, m.Sequence); err != nil && !jet.IsNoMessage(err) {
				return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
			}
		}
		if !left {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("stream %s still copies flags of the patient: erase again", layout.StreamFlags)
		}
	}
}

// purgeAudit removes a flag's transitions from RLS_AUDIT: those that were committed before a
// sequence of RLS, and those of an earlier RLS.
func (o *Operator) purgeAudit(ctx context.Context, id string, upTo uint64) error {
	if !layout.FlagID.MatchString(id) {
		return nil
	}
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
	var found []uint64
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectAudit + id}, HeadersOnly: true}
	err = jet.Each(ctx, o.js, layout.StreamAudit, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		if jet.SourceSequence(m.Headers()) < upTo || meta.Timestamp.Before(rls.CachedInfo().Created) {
			found = append(found, meta.Sequence.Stream)
		}
		return nil
	})
	for _, seq := range found {
		if failed := stream.SecureDeleteMsg(ctx, seq); failed != nil && !jet.IsNoMessage(failed) {
			err = errors.Join(err, fmt.Errorf("stream %s: %w", layout.StreamAudit, failed))
		}
	}
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
		if failed := stream.SecureDeleteMsg(ctx, seq); failed != nil && !jet.IsNoMessage(failed) {
			err = errors.Join(err, fmt.Errorf("stream %s: %w", layout.StreamFeedback, failed))
		}
	}
	return err
}
