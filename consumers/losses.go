package consumers

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// inputsSeen is what was seen of the inbound stream and its consumer at one time.
type inputsSeen struct {
	doubtful decided.Stretches // passed by or gone, and not known to be decided
	taken    uint64
	asking   bool
	end      uint64 // of what was decided, or acknowledged
}

// openInputs finds out where the inputs were decided up to, before any is taken. A site that is
// new begins with what the stream holds.
func (s *session) openInputs(ctx context.Context, have *layout.SiteRecord) error {
	if err := s.reloadInputs(ctx); err != nil {
		return err
	}
	stream, err := s.js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	state := stream.CachedInfo().State
	switch r := s.inputs.stored; {
	case have == nil:
		err = s.beginInputs(ctx, decided.Before(state.FirstSeq))
	case r != nil && r.Decided.End() > state.LastSeq: // read before the stream was looked at
		err = s.shrunk(ctx, state.LastSeq)
	}
	if err != nil {
		return err
	}
	for _, open := range []func(context.Context) (jetstream.Consumer, error){s.inbound, s.dues} {
		if _, err := open(ctx); err != nil {
			return err
		}
	}
	return nil
}

// watchInputs notices inputs that left the stream before they were decided, and those that the
// consumer passed by. What looks so may be on its way only, so it has to look so twice.
func (s *session) watchInputs(ctx context.Context, fhir *jetstream.StreamInfo, cons *jetstream.ConsumerInfo) error {
	if err := s.reloadInputs(ctx); err != nil {
		return err
	}
	if !s.answers(cons) {
		s.inputs.before = inputsSeen{}
		return nil
	}
	if _, known := s.inputs.accountedUpTo(); !known { // the states are older than this record: the consumer is believed
		return s.beginInputs(ctx, max(cons.AckFloor.Stream, decided.Before(fhir.State.FirstSeq)))
	}
	last, now := s.inputs.before, s.doubts(fhir, cons)
	s.inputs.before = now
	if last.end > fhir.State.LastSeq {
		return s.shrunk(ctx, fhir.State.LastSeq)
	}
	firm := now.doubtful.Common(last.doubtful)
	// What comes after the newest that was taken may wait in this process.
	if !now.asking || !last.asking || now.taken != last.taken {
		firm = firm.UpTo(s.inputs.newest())
	}
	lost, passedBy, err := s.sift(ctx, firm, fhir.State.FirstSeq)
	if err != nil {
		return err
	}
	if len(lost) > 0 {
		if err := s.lose(ctx, lost); err != nil {
			return err
		}
	}
	if passedBy > 0 {
		s.log.Warn().Uint64(
			"sequence",
			passedBy,
		).Msg(
			"the inbound consumer skipped inputs: reading them again",
		)
		return s.remake(ctx, layout.StreamFHIR, s.inboundConfig())
	}
	return nil
}

// answers tells whether it is for this instance to say what became of inputs: nobody else is
// handed any.
func (s *session) answers(cons *jetstream.ConsumerInfo) bool {
	s.inputs.mu.Lock()
	defer s.inputs.mu.Unlock()
	for _, g := range cons.PriorityGroups {
		if g.PinnedClientID != "" && g.PinnedClientID != s.inputs.pin {
			return false
		}
	}
	return true
}

func (i *inputs) newest() uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.top
}

// doubts are the sequences that will not come any more and are not accounted for.
func (s *session) doubts(fhir *jetstream.StreamInfo, cons *jetstream.ConsumerInfo) inputsSeen {
	s.inputs.mu.Lock()
	defer s.inputs.mu.Unlock()
	i := s.inputs
	accounted := i.stored.Accounted().With(i.own)
	found := inputsSeen{taken: i.taken, asking: i.asking, end: max(cons.AckFloor.Stream, accounted.End())}
	upTo := min(max(cons.AckFloor.Stream, decided.Before(fhir.State.FirstSeq)), fhir.State.LastSeq)
	// The stream was looked at first: where nothing is pending, nothing of it is still to come.
	if cons.NumPending == 0 && cons.NumAckPending == 0 {
		upTo = fhir.State.LastSeq
	}
	if found.doubtful = accounted.Gaps(1, upTo); len(found.doubtful) > 0 {
		found.doubtful = found.doubtful.Without(s.unacked.inputs())
	}
	return found
}

// sift tells what left the stream from what the consumer passed by: passedBy is the first sequence
// of that, 0 for none.
func (s *session) sift(ctx context.Context, firm decided.Stretches, first uint64) (
	lost decided.Stretches, passedBy uint64, err error,
) {
	if len(firm) == 0 {
		return nil, 0, nil
	}
	gone := firm.UpTo(decided.Before(first))
	lost = lost.With(gone)
	rest := firm.Without(gone)
	if len(rest) == 0 {
		return lost, 0, nil
	}
	stream, err := s.js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return nil, 0, fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	for _, x := range rest {
		m, err := stream.GetMsg(ctx, x[0], jetstream.WithGetMsgSubject(">"))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			lost = lost.Add(x[0], x[1])
		case err != nil:
			return nil, 0, fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
		case m.Sequence > x[1]:
			lost = lost.Add(x[0], x[1])
		default: // those after it are looked at once it was read again
			lost = lost.Add(x[0], m.Sequence-1)
			return lost, m.Sequence, nil
		}
	}
	return lost, 0, nil
}

// lose tells of inputs that nobody can decide any more.
func (s *session) lose(ctx context.Context, lost decided.Stretches) error {
	if err := s.record(ctx, lost); err != nil {
		return err
	}
	s.log.Error().Uint64("inputs", lost.Count()).Uint64("first", lost[0][0]).Uint64("last", lost.End()).
		Msg("inputs left the stream FHIR before they were decided: publish them again, then run " +
			"rlsguard verify --acknowledge-losses")
	return nil
}

// shrunk goes on where the stream lost its end: its sequences will be given again.
func (s *session) shrunk(ctx context.Context, last uint64) error {
	s.log.Error().Uint64("last", last).Msg("the stream FHIR lost its end: reading on from what is left")
	i := s.inputs
	i.mu.Lock()
	r := i.merged()
	i.own, i.before = nil, inputsSeen{}
	r.Decided, r.Lost = r.Decided.UpTo(last), r.Lost.UpTo(last)
	i.mu.Unlock()
	if err := r.Write(ctx, s.batches, s.signer); err != nil {
		return err
	}
	if err := s.reloadInputs(ctx); err != nil {
		return err
	}
	return s.remake(ctx, layout.StreamFHIR, s.inboundConfig())
}
