package jet

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// CopiedTimeout is how long is waited for the flags to be copied; after it they are shown as they
// are.
const CopiedTimeout = 5 * time.Second

// WaitCopied waits until the stream RLS_FLAGS has what was committed in RLS: it copies from there,
// in the same order, a moment later. What it has of an earlier RLS says nothing, so the newest
// commit is looked for itself. Whoever belongs to another account sees nothing of RLS and does not
// wait.
func WaitCopied(ctx context.Context, js jetstream.JetStream) error {
	if DomainOf(js).Outside() {
		return ctx.Err()
	}
	waiting, cancel := context.WithTimeout(ctx, CopiedTimeout)
	defer cancel()
	committed := LastOf(waiting, js, layout.StreamRLS, layout.SubjectCommitFlags+">")
	for committed != nil && waiting.Err() == nil {
		m := LastOf(
			waiting,
			js,
			layout.StreamFlags,
			layout.SubjectFlags+strings.TrimPrefix(committed.Subject, layout.SubjectCommitFlags),
		)
		switch {
		case m == nil || SourceSequence(m.Header) < committed.Sequence:
		case SourceSequence(m.Header) == committed.Sequence:
			return nil
		default: // of a later commit, which may be of an earlier RLS
			committed = LastOf(waiting, js, layout.StreamRLS, committed.Subject)
		}
		Sleep(waiting, 5*time.Millisecond)
	}
	return ctx.Err()
}

// WaitAudited waits until RLS_AUDIT has what is committed for audit in RLS now.
func WaitAudited(ctx context.Context, js jetstream.JetStream) error {
	waiting, cancel := context.WithTimeout(ctx, CopiedTimeout)
	defer cancel()
	entry := LastOf(waiting, js, layout.StreamRLS, layout.SubjectAudit+">")
	for entry != nil && waiting.Err() == nil {
		flag := entry.Subject[:strings.LastIndexByte(entry.Subject, '.')]
		m := LastOf(waiting, js, layout.StreamAudit, flag)
		switch {
		case m == nil || SourceSequence(m.Header) < entry.Sequence:
		case SourceSequence(m.Header) == entry.Sequence:
			return nil
		default: // a later transition of the flag, or of an earlier RLS
			entry = LastOf(waiting, js, layout.StreamRLS, flag+".*")
		}
		Sleep(waiting, 5*time.Millisecond)
	}
	return ctx.Err()
}

// copiedAgain begins the subject that nothing is ever committed under, by which a server takes a
// source for another one.
const copiedAgain = layout.SubjectAudit + "again."

// AuditCopiedAgain tells whether CopyAuditAgain was ever needed.
func AuditCopiedAgain(audit *jetstream.StreamInfo) bool {
	for _, s := range audit.Config.Sources {
		for _, t := range s.SubjectTransforms {
			if strings.HasPrefix(t.Source, copiedAgain) {
				return true
			}
		}
	}
	return false
}

// CopyAuditAgain lets the server copy to RLS_AUDIT what RLS has for audit, from its first message on.
// It does not look back by itself: where RLS lost its end, sequences that it had copied are given
// again, and what comes under them is passed over.
func CopyAuditAgain(ctx context.Context, js jetstream.JetStream) error {
	s, err := js.Stream(ctx, layout.StreamAudit)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamAudit, err)
	}
	cfg := s.CachedInfo().Config
	for _, want := range streamConfigs(js, cfg.Replicas) {
		if want.Name == layout.StreamAudit {
			cfg.Sources = want.Sources
		}
	}
	mark := fmt.Sprintf("%s%d.none", copiedAgain, time.Now().UnixNano())
	cfg.Sources[0].SubjectTransforms = append(cfg.Sources[0].SubjectTransforms,
		jetstream.SubjectTransformConfig{Source: mark, Destination: mark})
	if _, err := js.UpdateStream(ctx, cfg); err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamAudit, err)
	}
	return nil
}

// LastOf is the newest message under a subject; nil when there is none that we may read.
func LastOf(ctx context.Context, js jetstream.JetStream, stream, subject string) *jetstream.RawStreamMsg {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return nil
	}
	m, err := s.GetLastMsgForSubject(ctx, subject)
	if err != nil || errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	return m
}

// SourceSequence is where in RLS a message of RLS_FLAGS or RLS_AUDIT comes from, as the server notes it: stream,
// sequence, and more.
func SourceSequence(h nats.Header) uint64 {
	fields := strings.Fields(h.Get("Nats-Stream-Source"))
	if len(fields) < 2 {
		return 0
	}
	n, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
