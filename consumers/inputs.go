package consumers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// subjectInputs is the record of which inputs were decided. The floor of the durable consumer does
// not tell: it also moves over what a filter passes by, and over what left the stream.
const subjectInputs = "rls.commit.inputs"

// mostLost bounds the list of lost sequences in the record; those before it are only counted.
const mostLost = 1000

// inputRecord says what became of the sequences of the stream FHIR.
type inputRecord struct {
	Stream  int64     `json:"stream"`  // its creation, Unix nanoseconds
	Decided stretches `json:"decided"` // and what that changed is stored, or the loss was acknowledged
	Lost    stretches `json:"lost,omitempty"`
	Earlier uint64    `json:"earlier,omitempty"`      // lost before those, not listed any more
	Known   uint64    `json:"acknowledged,omitempty"` // lost, and an operator said so

	seq uint64
}

// accounted are the sequences that nobody has to look for.
func (r *inputRecord) accounted() stretches { return r.Decided.with(r.Lost) }

// open is how many lost inputs nobody has acknowledged.
func (r *inputRecord) open() uint64 { return r.Lost.count() + r.Earlier }

// shorten keeps the record small enough for a message.
func (r *inputRecord) shorten() {
	for len(r.Lost) > mostLost {
		x := r.Lost[0]
		r.Earlier += x.count()
		r.Decided, r.Lost = r.Decided.with(stretches{x}), r.Lost[1:]
	}
}

// readInputs reads the record; nil when there is none.
func readInputs(ctx context.Context, js jetstream.JetStream) (*inputRecord, error) {
	stream, err := js.Stream(ctx, StreamRLS)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", StreamRLS, err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, subjectInputs)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", subjectInputs, err)
	}
	r := &inputRecord{seq: m.Sequence}
	if err := json.Unmarshal(m.Data, r); err != nil {
		return &inputRecord{seq: m.Sequence}, nil // of no stream: begun anew
	}
	return r, nil
}

// write stores the record over the one with the sequence that r has, and none else.
func (r *inputRecord) write(ctx context.Context, to Store) error {
	r.shorten()
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	expect := nats.Header{headerExpect: {strconv.FormatUint(r.seq, 10)}}
	written := <-to.Send(ctx, []*nats.Msg{{Subject: subjectInputs, Data: data, Header: expect}})
	if written.Err == nil {
		r.seq = written.First
	}
	return written.Err
}

// inputs is what an instance knows of the inbound stream: what it decided itself, and what the
// record says.
type inputs struct {
	mu     sync.Mutex
	own    stretches    // decided by this session
	stored *inputRecord // nil while there is none
	news   chan struct{}

	pin    string // that the server gave with the last input
	top    uint64 // highest sequence that was taken
	taken  uint64 // inputs taken
	asking bool   // the next one is waited for
	opened bool   // the consumer was there in this session

	before look // the last look
}

func newInputs() *inputs { return &inputs{news: make(chan struct{}, 1)} }

// note takes in what was decided and acknowledged.
func (i *inputs) note(batch []event) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, ev := range batch {
		if ev.input != nil {
			i.own = i.own.add(ev.seq, ev.seq)
		}
	}
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

// floor is the sequence up to which all is accounted for; known is false while nothing is recorded.
func (i *inputs) floor() (seq uint64, known bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.stored == nil {
		return 0, false
	}
	return i.stored.accounted().with(i.own).floor(), true
}

// merged is the record with what this session decided. What was taken for lost and came after all
// is not.
func (i *inputs) merged() inputRecord {
	r := *i.stored
	r.Decided, r.Lost = r.Decided.with(i.own), r.Lost.without(i.own)
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
		sleep(ctx, recordEvery)
	}
}

// record stores what this session decided, and lost as lost. Another instance may do the same
// meanwhile: both end up in it.
func (s *session) record(ctx context.Context, lost stretches) error {
	i := s.inputs
	for try := 1; ; try++ {
		i.mu.Lock()
		if i.stored == nil { // begun at the next look
			i.mu.Unlock()
			return nil
		}
		r := i.merged()
		own := i.own.count()
		i.mu.Unlock()
		r.Lost = r.Lost.with(lost.without(r.Decided))
		err := r.write(ctx, s.batches)
		if err == nil {
			i.mu.Lock()
			i.stored = &r
			if i.own.count() == own {
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
	r, err := readInputs(ctx, s.js)
	if err != nil {
		return err
	}
	s.inputs.mu.Lock()
	defer s.inputs.mu.Unlock()
	if r == nil || r.Stream != s.epoch {
		s.inputs.stored = nil
		return nil
	}
	if have := s.inputs.stored; have == nil || have.seq <= r.seq {
		s.inputs.stored = r
	}
	s.tellLosses(s.inputs.stored)
	return nil
}

// beginInputs makes a record where there is none: everything up to a sequence counts as decided.
func (s *session) beginInputs(ctx context.Context, upTo uint64) error {
	r, err := readInputs(ctx, s.js)
	if err != nil {
		return err
	}
	fresh := inputRecord{Stream: s.epoch, Decided: stretches{}.add(1, upTo)}
	if r != nil {
		fresh.seq = r.seq
	}
	if err := fresh.write(ctx, s.batches); err != nil {
		return err
	}
	s.inputs.mu.Lock()
	s.inputs.stored = &fresh
	s.inputs.mu.Unlock()
	return nil
}

// tellLosses counts the inputs that were lost, and says what to do about those that nobody has acknowledged.
func (s *session) tellLosses(r *inputRecord) {
	text := ""
	if n := r.open(); n > 0 {
		text = fmt.Sprintf("%d inputs left the stream %s before they were decided", n, StreamFHIR)
		if len(r.Lost) > 0 {
			text += fmt.Sprintf(" (%s)", stretch{r.Lost[0][0], r.Lost.end()})
		}
		text += ": publish them again, then run rlsguard verify --acknowledge-losses"
	}
	s.health.losses(r.open()+r.Known, r.open(), text)
}
