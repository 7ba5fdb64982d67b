package consumers

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// copyEvery is how often is looked whether RLS_FLAGS has caught up.
const copyEvery = 100 * time.Millisecond

// copyStall is how long the server may copy nothing while there is something to copy; it tries
// again by itself every few seconds. Tests have less patience.
var copyStall = 30 * time.Second

// copiedFlag is a transition in RLS_FLAGS.
type copiedFlag struct {
	from   uint64 // sequence in RLS
	number string
	open   bool
}

// copyState is how RLS_FLAGS compares with what RLS has committed.
type copyState struct {
	made  time.Time // of RLS_FLAGS
	top   uint64    // newest sequence of RLS that was copied
	count int       // of messages in RLS_FLAGS
	// behind are transitions, of those that had been committed at first, that the server has still
	// to copy.
	behind int
	// wrong are subjects that will not come right by waiting: with a transition that RLS does not
	// have, or passed over by the copying.
	wrong map[uint64]struct{}
}

func (c *copyState) complete() bool { return c.behind == 0 && len(c.wrong) == 0 }

// compareCopy reads both streams. RLS_FLAGS is read first, so that it cannot be ahead; what was
// committed after upTo may still be on its way.
func (s *session) compareCopy(ctx context.Context, upTo uint64) (copyState, error) {
	c := copyState{wrong: map[uint64]struct{}{}}
	var err error
	if c.made, err = s.streamCreated(ctx, layout.StreamFlags); err != nil {
		return c, err
	}
	seed := s.seed
	flags := map[uint64]copiedFlag{}
	_, err = jet.EachDirect(
		ctx,
		s.js,
		layout.StreamFlags,
		layout.SubjectFlags+">",
		1,
		func(m *jetstream.RawStreamMsg) error {
			f := copiedFlag{
				from:   jet.SourceSequence(m.Header),
				number: m.Header.Get(layout.HeaderNumber),
				open:   showsOpen(m.Header),
			}
			flags[maphash.String(seed, m.Subject[len(layout.SubjectFlags):])] = f
			c.top, c.count = max(c.top, f.from), c.count+1
			return nil
		},
	)
	if err != nil {
		return c, err
	}
	committed := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{layout.SubjectCommitFlags + ">"},
		HeadersOnly:    true,
	}
	err = jet.Each(ctx, s.js, layout.StreamRLS, committed, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		h, seq := maphash.String(seed, m.Subject()[len(layout.SubjectCommitFlags):]), meta.Sequence.Stream
		f, there := flags[h]
		delete(flags, h)
		switch {
		case !there && !showsOpen(m.Headers()): // it has expired, or will not be missed
		case there && f.from == seq && f.number == m.Headers().Get(layout.HeaderNumber):
		case f.from < seq && seq > upTo:
		case f.from < seq && seq > c.top:
			c.behind++
		default:
			c.wrong[h] = struct{}{}
		}
		return nil
	})
	for h, f := range flags {
		if f.open { // RLS does not have it; one that is resolved may expire here a moment later than there
			c.wrong[h] = struct{}{}
		}
	}
	return c, err
}

// showsOpen tells whether a transition leaves its flag open under this subject.
func showsOpen(h nats.Header) bool {
	change := checks.Change(h.Get(layout.HeaderTransition))
	return change != checks.ChangeResolved && change != checks.ChangeMoved
}

// waitCopySettled returns when dashboards read in RLS_FLAGS what RLS has committed. A copy that
// cannot become that is made again: the server copies what comes after the last sequence that it
// has copied, so a RLS that lost its end or began anew leaves flags in it that nobody resolves any
// more, or is not copied at all.
func (s *session) waitCopySettled(ctx context.Context) error {
	var before copyState
	upTo, moved := uint64(math.MaxUint64), time.Now()
	if m := jet.LastOf(ctx, s.js, layout.StreamRLS, layout.SubjectCommitFlags+">"); m != nil {
		upTo = m.Sequence
	}
	for wait := jet.NewBackoff(); ctx.Err() == nil; {
		now, err := s.compareCopy(ctx, upTo)
		if err != nil {
			s.log.Warn().Err(err).Msg("comparing the copy of the flags again")
			wait.Sleep(ctx)
			continue
		}
		if now.complete() {
			return nil
		}
		if now.top != before.top || now.count != before.count || !now.made.Equal(before.made) {
			moved = time.Now()
		}
		// What looks wrong once may be in the middle of being erased.
		if both := intersection(before.wrong, now.wrong); both > 0 && now.made.Equal(before.made) ||
			time.Since(moved) > copyStall {
			s.log.Error().Int(
				"wrong",
				len(now.wrong),
			).Int(
				"missing",
				now.behind,
			).Msg(
				"stream RLS_FLAGS does not become what RLS has committed: making it again",
			)
			if err := s.remakeCopy(ctx, now.made); err != nil {
				s.log.Error().Err(
					err,
				).Msg(
					"stream RLS_FLAGS cannot be made again: a user who may has to delete it and run rlsguard setup",
				)
				wait.Sleep(ctx)
			}
			moved = time.Now()
		}
		before = now
		jet.Sleep(ctx, copyEvery)
	}
	return nil
}

func intersection(a, b map[uint64]struct{}) (n int) {
	for h := range a {
		if _, ok := b[h]; ok {
			n++
		}
	}
	return n
}

// remakeCopy makes RLS_FLAGS again, unless another instance has done so.
func (s *session) remakeCopy(ctx context.Context, made time.Time) error {
	if now, err := s.streamCreated(ctx, layout.StreamFlags); err != nil || !now.Equal(made) {
		return err
	}
	s.flagsMade.Store(0) // the session is the one that replaces it
	if err := s.js.DeleteStream(ctx, layout.StreamFlags); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
	}
	if err := jet.MakeStreams(ctx, s.js, s.cfg.Replicas); err != nil {
		return err
	}
	now, err := s.streamCreated(ctx, layout.StreamFlags)
	if err == nil {
		s.flagsMade.Store(now.UnixNano())
	}
	return err
}

// becomeReady tells that the consumer is ready once it knows and shows everything: after states
// were lost only when they were made again from the inbound stream, and always when dashboards read
// what was committed.
func (s *session) becomeReady(ctx context.Context) error {
	if err := s.rebuilt(ctx); err != nil {
		return err
	}
	s.health.Unready(health.CopyingFlags)
	if err := s.waitCopySettled(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	if err := s.unreplaced(ctx); err != nil {
		if errors.Is(err, jet.ErrReplaced) {
			return err
		}
		s.log.Warn().Err(err).Msg("looking at the streams again") // watchOver goes on doing so, and tells
	}
	s.health.ReadyIf(ctx)
	return nil
}

// rebuilt waits until the inbound stream was decided as far as it reached when states were lost.
func (s *session) rebuilt(ctx context.Context) error {
	if s.rebuilding == 0 {
		return nil
	}
	s.health.Unready(health.Rebuilding)
	for !s.rebuiltUpTo(ctx, s.rebuilding) {
		if jet.Sleep(ctx, copyEvery); ctx.Err() != nil {
			return nil
		}
	}
	if err := s.caughtUp(ctx); err != nil {
		return err
	}
	s.cfg.Known.Offer(ctx, s.states)
	s.run.rebuild = 0
	return s.noteRebuilt(ctx)
}

// rebuiltUpTo tells whether the inbound stream was decided so far, by whichever instance.
func (s *session) rebuiltUpTo(ctx context.Context, sequence uint64) bool {
	cons, err := s.js.Consumer(ctx, layout.StreamFHIR, layout.Durable)
	if err != nil {
		return false
	}
	info := cons.CachedInfo()
	// Where the stream ends with what is missing, nothing acknowledges its last sequence.
	return info.AckFloor.Stream >= sequence || info.NumPending == 0 && info.NumAckPending == 0
}

// caughtUp waits until the states that are stored now were read, which others may have written.
func (s *session) caughtUp(ctx context.Context) error {
	for wait := jet.NewBackoff(); ctx.Err() == nil; wait.Sleep(ctx) {
		stream, err := s.js.Stream(ctx, layout.StreamRLS)
		var last *jetstream.RawStreamMsg
		if err == nil {
			last, err = stream.GetLastMsgForSubject(ctx, layout.SubjectState+">")
		}
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			return fmt.Errorf("%w: %s is gone", jet.ErrReplaced, layout.StreamRLS)
		case err != nil:
			s.log.Warn().Err(err).Msg("asking again for the newest state")
			continue
		}
		for s.states.Seen() < last.Sequence && ctx.Err() == nil {
			jet.Sleep(ctx, copyEvery/10)
		}
		return nil
	}
	return nil
}

// noteRebuilt takes Rebuilding out of the record of the site, unless another instance has.
func (s *session) noteRebuilt(ctx context.Context) error {
	have, err := s.states.Site()
	if err == nil && have != nil && have.Rebuilding > 0 {
		done := *have
		done.Rebuilding = 0
		_, err = s.committer.WriteSite(ctx, done, have.Seq)
	}
	if err != nil && ctx.Err() == nil { // the next start finds at once that everything is decided
		s.log.Debug().Err(err).Msg("that the states are made again is not noted")
	}
	return nil
}
