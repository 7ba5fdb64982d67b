package consumers

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// restoreFlag stores the newest transitions of a flag again, from the audit. Where that does not have
// the newest, the flag is opened again. What stands under a subject that the flag never had is removed.
func (s *session) restoreFlag(ctx context.Context, id string) error {
	if !layout.FlagID.MatchString(id) {
		return nil
	}
	flags, err := s.committer.Numbers()
	if err != nil {
		return err
	}
	want, known := flags[id]
	kept, err := s.audited(ctx, id)
	if err != nil {
		return err
	}
	stream, err := s.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(layout.SubjectCommitFlags+"*.*."+id))
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	for subject := range info.State.Subjects {
		if kept[subject] == nil && !s.ownFlag(ctx, subject) {
			s.clear(ctx, layout.StreamRLS, subject)
			s.clear(ctx, layout.StreamFlags, layout.SubjectFlags+subject[len(layout.SubjectCommitFlags):])
		}
	}
	newest := uint64(0)
	for subject, m := range kept {
		newest = max(newest, layout.NumberOf(m.Header))
		if err := s.storeFlag(ctx, subject, m); err != nil {
			return err
		}
	}
	if known && want.Open && newest < want.Number {
		return s.reopen(ctx, id, want.Patient)
	}
	return nil
}

// ownFlag tells whether what stands under the subject of a flag was written by rlsguard.
func (s *session) ownFlag(ctx context.Context, subject string) bool {
	m := jet.LastOf(ctx, s.js, layout.StreamRLS, subject)
	return m == nil || s.authentic(m.Subject, m.Header, m.Data, m.Sequence)
}

// audited are the newest transitions of a flag that the audit keeps, by the subject that they were
// committed under.
func (s *session) audited(ctx context.Context, id string) (map[string]*nats.Msg, error) {
	kept := map[string]*nats.Msg{}
	err := audit.Each(ctx, s.js, audit.Reading{Flag: id}, func(e audit.Entry) error {
		f, err := layout.FlagOf(e.Data)
		if err != nil || f.ID != id || !s.authentic(e.Subject, e.Header, e.Data, e.Committed) {
			return nil
		}
		subject := layout.FlagSubject(&f)
		if have := kept[subject]; have != nil && layout.NumberOf(have.Header) > e.Number {
			return nil
		}
		kept[subject] = layout.ShownAgain(&f, e.Header, e.Data)
		return nil
	})
	return kept, err
}

// storeFlag stores a transition over what stands in its place, unless that is ours and as new.
func (s *session) storeFlag(ctx context.Context, subject string, m *nats.Msg) error {
	expect := uint64(0)
	if have := jet.LastOf(ctx, s.js, layout.StreamRLS, subject); have != nil {
		if s.authentic(subject, have.Header, have.Data, have.Sequence) &&
			layout.NumberOf(have.Header) >= layout.NumberOf(m.Header) {
			return nil
		}
		expect = have.Sequence
	}
	m.Subject = subject
	m.Header[layout.HeaderExpect] = []string{strconv.FormatUint(expect, 10)}
	s.signer.Sign(m, 0)
	if written := <-s.batches.Send(ctx, []*nats.Msg{m}); written.Err != nil && !errors.Is(written.Err,
		jet.ErrConflict) {
		return written.Err
	}
	return nil
}

// reopen lets a flag be opened again whose newest transition nobody has any more.
func (s *session) reopen(ctx context.Context, id string, patient facts.Ref) error {
	have, err := s.states.Site()
	if err != nil {
		return err
	}
	if err := s.committer.Restore(ctx, have, s.states.NoneMissing(), map[string]facts.Ref{id: patient}); err != nil {
		return err
	}
	return errRestored
}
