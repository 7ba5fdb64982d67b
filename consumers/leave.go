package consumers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

const (
	// leavePiece is how many transitions one round looks at.
	leavePiece = 5000
	// leaveSingly is how many of them one round looks up, or deletes, each for itself.
	leaveSingly = 400
)

// leaving is how far RLS_FLAGS was read for what may leave RLS.
type leaving struct {
	next uint64 // of RLS_FLAGS: copies of what came since are there, or further on
	made int64  // creation of that stream
}

// leaveRLS takes out of RLS the transitions that RLS_FLAGS shows and RLS_AUDIT holds. firstEntry is
// the sequence of the first entry for audit that RLS still has, 0 for none. It tells whether there
// may be more to take out at once.
//
// What RLS_FLAGS loses afterwards is stored again from RLS_AUDIT, or opened again from the state
// (see waitCopySettled), so that it need not be synced.
func (s *session) leaveRLS(ctx context.Context, firstEntry uint64) (more bool, err error) {
	rls, err := s.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return false, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	now := rls.CachedInfo().TimeStamp
	var shown []audit.Shown
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectCommitFlags + ">"}, HeadersOnly: true}
	err = jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		if now.Sub(meta.Timestamp) < audit.KeepShown || len(shown) == leavePiece {
			return jet.ErrEnough
		}
		shown = append(shown, audit.Shown{
			Name: strings.TrimPrefix(m.Subject(), layout.SubjectCommitFlags), Header: m.Headers(),
			Stored: meta.Timestamp, Committed: meta.Sequence.Stream,
		})
		return nil
	})
	if err != nil && !errors.Is(err, jet.ErrEnough) || len(shown) == 0 {
		return false, jet.UnlessEnough(err)
	}
	copies, err := s.copiesOf(ctx, shown)
	if err != nil {
		return false, err
	}
	leave := audit.Leaving(shown, copies, firstEntry, now)
	return len(shown) == leavePiece && leave[0], s.takeOut(ctx, rls, shown, leave)
}

// copiesOf are the messages of RLS_FLAGS under the names of transitions, as far as rlsguard signed
// them. What came before the last round is looked up by name.
func (s *session) copiesOf(ctx context.Context, shown []audit.Shown) (map[string]audit.Shown, error) {
	l := &s.pruning.leaving
	if made := s.flagsMade.Load(); made != l.made {
		l.next, l.made = 1, made
	}
	wanted := make(map[string]bool, len(shown))
	for i := range shown {
		wanted[shown[i].Name] = true
	}
	copies := map[string]audit.Shown{}
	take := func(m *jetstream.RawStreamMsg) error {
		name := strings.TrimPrefix(m.Subject, layout.SubjectFlags)
		seq := jet.SourceSequence(m.Header)
		if wanted[name] && s.authentic(m.Subject, m.Header, m.Data, seq) {
			copies[name] = audit.Shown{Name: name, Header: m.Header, Stored: m.Time, Committed: seq}
		}
		return nil
	}
	last := shown[len(shown)-1].Committed
	next, err := jet.EachDirect(ctx, s.js, layout.StreamFlags, layout.SubjectFlags+">", l.next,
		func(m *jetstream.RawStreamMsg) error {
			if jet.SourceSequence(m.Header) > last { // for the next round
				return jet.ErrEnough
			}
			return take(m)
		})
	if err := jet.UnlessEnough(err); err != nil {
		return nil, err
	}
	l.next = next
	left := leaveSingly
	for i := range shown {
		if _, found := copies[shown[i].Name]; found {
			continue
		}
		if left--; left < 0 {
			break
		}
		if m := jet.LastOf(ctx, s.js, layout.StreamFlags, layout.SubjectFlags+shown[i].Name); m != nil {
			_ = take(m)
		}
	}
	return copies, ctx.Err()
}

// replaced tells whether a transition was replaced in RLS since it was read: then RLS_FLAGS may show
// the newer one already.
func replaced(ctx context.Context, rls jetstream.Stream, seq uint64) bool {
	_, err := rls.GetMsg(ctx, seq)
	return errors.Is(err, jetstream.ErrMsgNotFound)
}

// takeOut removes from RLS what may leave: together as far as all may, the rest one by one.
func (s *session) takeOut(ctx context.Context, rls jetstream.Stream, shown []audit.Shown, leave []bool) error {
	n, left := 0, leaveSingly
	for ; n < len(leave); n++ {
		if !leave[n] {
			if left--; left < 0 || !replaced(ctx, rls, shown[n].Committed) {
				break
			}
		}
	}
	if n > 0 {
		err := rls.Purge(ctx, jetstream.WithPurgeSubject(layout.SubjectCommitFlags+">"),
			jetstream.WithPurgeSequence(shown[n-1].Committed+1))
		if err != nil {
			return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
		}
	}
	for ; n < len(leave) && left > 0; n++ {
		if !leave[n] {
			continue
		}
		left--
		if err := rls.DeleteMsg(ctx, shown[n].Committed); err != nil && !jet.IsNoMessage(err) {
			return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
		}
	}
	return nil
}
