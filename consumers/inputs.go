package consumers

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// inputs is what an instance knows of the inbound stream: what it decided itself, and what the
// record says.
type inputs struct {
	mu     sync.Mutex
	own    decided.Stretches    // decided by this session
	stored *decided.InputRecord // nil while there is none
	news   chan struct{}

	pin    string // that the server gave with the last input
	top    uint64 // highest sequence that was taken
	taken  uint64 // inputs taken
	asking bool   // the next one is waited for
	opened bool   // the consumer was there in this session

	before inputsSeen // the last look
}

func newInputs() *inputs { return &inputs{news: make(chan struct{}, 1)} }

// note takes in what was decided and acknowledged.
func (i *inputs) note(batch []commit.Event) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, ev := range batch {
		if ev.Input != nil {
			i.own = i.own.Add(ev.Seq, ev.Seq)
		}
	}
	i.again()
}

// again lets the record be stored anew.
func (i *inputs) again() {
	select {
	case i.news <- struct{}{}:
	default:
	}
}

// took notes an input that came.
func (i *inputs) took(m jetstream.Msg) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asking, i.taken = false, i.taken+1
	i.top = max(i.top, sequenceOf(m))
	if pin := m.Headers().Get("Nats-Pin-Id"); pin != "" {
		i.pin = pin
	}
}

// sequenceOf is a message's in its stream; 0 where it tells none.
func sequenceOf(m jetstream.Msg) uint64 {
	meta, err := m.Metadata()
	if err != nil {
		return 0
	}
	return meta.Sequence.Stream
}

func (i *inputs) waits() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asking = true
}

// accountedUpTo is the sequence up to which all is accounted for; known is false while nothing is
// recorded.
func (i *inputs) accountedUpTo() (seq uint64, known bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.stored == nil {
		return 0, false
	}
	return i.stored.Accounted().With(i.own).Floor(), true
}

// merged is the record with what this session decided. What was taken for lost and came after all
// is not.
func (i *inputs) merged() decided.InputRecord {
	r := *i.stored
	r.Decided, r.Lost = r.Decided.With(i.own), r.Lost.Without(i.own)
	return r
}

// recordEvery is how often what was decided is recorded at most. After a crash so much is read
// again.
const recordEvery = 250 * time.Millisecond

// keepRecord stores what was decided, until ctx ends, and once more then.
func (s *session) keepRecord(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.inputs.news:
		}
		if err := s.record(ctx, nil); err != nil && ctx.Err() == nil {
			s.log.Warn().Err(err).Msg("what was decided is not recorded yet")
		}
		jet.Sleep(ctx, recordEvery)
	}
}

// record stores what this session decided, and lost as lost. Another instance may do the same
// meanwhile: both end up in it.
func (s *session) record(ctx context.Context, lost decided.Stretches) error {
	i := s.inputs
	for try := 1; ; try++ {
		i.mu.Lock()
		if i.stored == nil { // begun at the next look
			i.mu.Unlock()
			return nil
		}
		r := i.merged()
		own := i.own.Count()
		i.mu.Unlock()
		r.Lost = r.Lost.With(lost.Without(r.Decided))
		r.Tallies, r.Anew = s.states.TallyNumbers()
		err := r.Write(ctx, s.batches, s.signer)
		if err == nil {
			i.mu.Lock()
			i.stored = &r
			if i.own.Count() == own {
				i.own = nil
			}
			i.mu.Unlock()
			s.tellLosses(&r)
			return nil
		}
		if try == 3 {
			return err
		}
		if err := s.reloadInputs(ctx); err != nil {
			return err
		}
	}
}

// reloadInputs reads the record again.
func (s *session) reloadInputs(ctx context.Context) error {
	r, err := decided.ReadInputs(ctx, s.js, s.signer, s.unsigned)
	if err != nil {
		return err
	}
	s.inputs.mu.Lock()
	defer s.inputs.mu.Unlock()
	if have := s.inputs.stored; r != nil && have != nil && (r.Foreign || r.Replaced < have.Seq && r.Seq > have.Seq) {
		have.Seq = r.Seq // what is known replaces it
		s.foreign(layout.SubjectInputs)
		s.inputs.again()
		return nil
	}
	if r == nil || r.Stream != s.epoch {
		if s.inputs.stored = nil; r != nil && r.Foreign {
			s.foreign(layout.SubjectInputs)
		}
		return nil
	}
	if have := s.inputs.stored; have == nil || have.Seq <= r.Seq {
		s.inputs.stored = r
	}
	s.tellLosses(s.inputs.stored)
	return nil
}

// beginInputs makes a record where there is none: everything up to a sequence counts as decided.
func (s *session) beginInputs(ctx context.Context, upTo uint64) error {
	r, err := decided.ReadInputs(ctx, s.js, s.signer, s.unsigned)
	if err != nil {
		return err
	}
	fresh := decided.InputRecord{Stream: s.epoch, Decided: decided.Stretches{}.Add(1, upTo)}
	if r != nil {
		fresh.Seq = r.Seq
	}
	if err := fresh.Write(ctx, s.batches, s.signer); err != nil {
		return err
	}
	s.inputs.mu.Lock()
	s.inputs.stored = &fresh
	s.inputs.mu.Unlock()
	return nil
}

// tellLosses counts the inputs that were lost, and says what to do about those that nobody has
// acknowledged.
func (s *session) tellLosses(r *decided.InputRecord) {
	text := ""
	if n := r.Open(); n > 0 {
		text = fmt.Sprintf("%d inputs left the stream %s before they were decided", n, layout.StreamFHIR)
		if len(r.Lost) > 0 {
			text += fmt.Sprintf(" (%s)", decided.Stretch{r.Lost[0][0], r.Lost.End()})
		}
		text += ": publish them again, then run rlsguard verify --acknowledge-losses"
	}
	s.health.Losses(r.Open()+r.Known, r.Open(), text)
}
