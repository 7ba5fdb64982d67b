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
	"github.com/rlsguard/rlsguard/consumers/commit"
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
	kept, err := s.audited(ctx, audit.Reading{Flag: id}, flags)
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
	for _, m := range kept {
		newest = max(newest, layout.NumberOf(m.Header))
		if err := s.storeFlag(ctx, m); err != nil {
			return err
		}
	}
	if known && want.Open && newest < want.Number {
		return s.reopen(ctx, map[string]facts.Ref{id: want.Patient})
	}
	return nil
}

// ownFlag tells whether what stands under the subject of a flag was written by rlsguard.
func (s *session) ownFlag(ctx context.Context, subject string) bool {
	m := jet.LastOf(ctx, s.js, layout.StreamRLS, subject)
	return m == nil || s.authentic(m.Subject, m.Header, m.Data, m.Sequence)
}

// audited are the newest transitions of flags that the audit keeps, by the subject that they were
// committed under, but for those that are shown no more. open are the open flags: what the audit has
// beyond the number of one is of an earlier RLS, or has just been committed.
func (s *session) audited(
	ctx context.Context, r audit.Reading, open map[string]commit.Numbered,
) (map[string]*nats.Msg, error) {
	kept := map[string]*nats.Msg{}
	err := audit.Each(ctx, s.js, r, func(e audit.Entry) error {
		want, is := open[e.Flag]
		switch {
		case is && e.Number > want.Number, shownNoMore(e.Header, e.Stored):
			return nil
		case r.Flag == "" && showsOpen(e.Header) && want.Number != e.Number: // most are older ones
			return nil
		}
		f, err := layout.FlagOf(e.Data)
		if err != nil || f.ID != e.Flag || !s.authentic(e.Subject, e.Header, e.Data, e.Committed) {
			return nil
		}
		m := layout.ShownAgain(&f, e.Header, e.Data, e.Stored)
		if have := kept[m.Subject]; have == nil || layout.NumberOf(have.Header) <= e.Number {
			kept[m.Subject] = m
		}
		return nil
	})
	return kept, err
}

// refill stores all transitions again that RLS_FLAGS should show and does not: of open flags, and
// what ended others. An open one that the audit does not have any more is opened again.
func (s *session) refill(ctx context.Context) error {
	open, err := s.committer.Numbers()
	if err != nil {
		return err
	}
	kept, err := s.audited(ctx, audit.Reading{}, open)
	if err != nil {
		return err
	}
	told := func(subject string, h nats.Header) {
		if id := lastPart(subject); showsOpen(h) && layout.NumberOf(h) >= open[id].Number {
			delete(open, id)
		}
	}
	shown := map[string]uint64{}
	take := func(m *jetstream.RawStreamMsg) error {
		shown[layout.SubjectCommitFlags+m.Subject[len(layout.SubjectFlags):]] = layout.NumberOf(m.Header)
		told(m.Subject, m.Header)
		return nil
	}
	if _, err = jet.EachDirect(ctx, s.js, layout.StreamFlags, layout.SubjectFlags+">", 1, take); err != nil {
		return err
	}
	for subject, m := range kept {
		if told(subject, m.Header); shown[subject] >= layout.NumberOf(m.Header) {
			continue
		}
		if err := s.storeFlag(ctx, m); err != nil {
			return err
		}
	}
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectCommitFlags + ">"}, HeadersOnly: true}
	err = jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		told(m.Subject(), m.Headers())
		return nil
	})
	if err != nil || len(open) == 0 {
		return err
	}
	untold := map[string]facts.Ref{}
	for id, lost := range open {
		untold[id] = lost.Patient
	}
	return s.reopen(ctx, untold)
}

// storeFlag stores a transition over what stands in its place, unless that is ours and as new.
func (s *session) storeFlag(ctx context.Context, m *nats.Msg) error {
	have, seq := s.standing(ctx, m.Subject)
	if have != nil && layout.NumberOf(have.Header) >= layout.NumberOf(m.Header) {
		return nil
	}
	m.Header[layout.HeaderExpect] = []string{strconv.FormatUint(seq, 10)}
	s.signer.Sign(m, 0)
	if written := <-s.batches.Send(ctx, []*nats.Msg{m}); written.Err != nil && !errors.Is(written.Err,
		jet.ErrConflict) {
		return written.Err
	}
	return nil
}

// standing is what rlsguard wrote of what stands under the subject of a transition: in RLS, or in
// RLS_FLAGS where it has left RLS; nil for nothing. The sequence is that in RLS, also of what is
// foreign.
func (s *session) standing(ctx context.Context, subject string) (*jetstream.RawStreamMsg, uint64) {
	if m := jet.LastOf(ctx, s.js, layout.StreamRLS, subject); m != nil {
		if s.authentic(subject, m.Header, m.Data, m.Sequence) {
			return m, m.Sequence
		}
		return nil, m.Sequence
	}
	shown := layout.SubjectFlags + subject[len(layout.SubjectCommitFlags):]
	m := jet.LastOf(ctx, s.js, layout.StreamFlags, shown)
	if m != nil && s.authentic(m.Subject, m.Header, m.Data, jet.SourceSequence(m.Header)) {
		return m, 0
	}
	return nil, 0
}

// reopen lets flags be opened again whose newest transition nobody has any more.
func (s *session) reopen(ctx context.Context, untold map[string]facts.Ref) error {
	have, err := s.states.Site()
	if err != nil {
		return err
	}
	if err := s.committer.Restore(ctx, have, s.states.NoneMissing(), untold); err != nil {
		return err
	}
	return errRestored
}
