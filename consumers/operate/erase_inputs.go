package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// InputsOf says what of that which producers sent is erased with a patient.
type InputsOf struct {
	Erase  bool   // decided inputs and letters that name the patient alone
	Shared bool   // with Erase, also those that name others too, or may
	Base   string // of the own FHIR server: a patient of another one is somebody else; "" is any
}

// Place is where a message stands.
type Place struct {
	Stream   string
	Sequence uint64
}

// ErasedInputs tells what became of that which producers sent about a patient.
type ErasedInputs struct {
	Erased  map[string]int // messages, by stream
	Left    []Place        // name the patient alone; left since nobody asked to erase them
	Shared  []Place        // name others too, or may; left
	Waiting []uint64       // inputs that have not been decided: they will bring the patient back
}

// inputSearch goes through the streams of inputs and letters.
type inputSearch struct {
	o       *Operator
	patient facts.Ref
	flags   []string
	of      InputsOf
	namer   *namer
	owned   map[facts.Ref]struct{} // resources of the patient
	epoch   int64                  // of the stream FHIR
	decided decided.Stretches
	inputs  map[layout.InputID]struct{} // erased, or to be erased
	done    ErasedInputs
	tell    func(n int)
	// record reads which inputs were decided.
	record func(context.Context) (*decided.InputRecord, error)
}

// eraseInputs looks for what producers sent about a patient, and erases what it may.
func (o *Operator) eraseInputs(
	ctx context.Context,
	key []byte,
	site *layout.SiteRecord,
	patient facts.Ref,
	have *patientRecord,
	of InputsOf,
	progress func(n int),
) (ErasedInputs, error) {
	of.Shared = of.Shared && of.Erase
	s := inputSearch{
		o: o, patient: patient, flags: have.flags, of: of, tell: progress, namer: newNamer(of.Base),
		owned: map[facts.Ref]struct{}{}, inputs: map[layout.InputID]struct{}{},
		done: ErasedInputs{Erased: map[string]int{}},
		record: func(ctx context.Context) (*decided.InputRecord, error) {
			return decided.ReadInputs(ctx, o.js, layout.NewSigner(key), legacy(site))
		},
	}
	for ref := range have.resources() {
		if ref != patient {
			s.owned[ref] = struct{}{}
		}
	}
	if of.Erase {
		if err := s.fhir(ctx); err != nil {
			return s.done, err
		}
	}
	if err := s.letters(ctx); err != nil || !of.Erase {
		return s.done, err
	}
	return s.done, s.rejections(ctx)
}

// fhir erases inputs.
func (s *inputSearch) fhir(ctx context.Context) error {
	stream, err := s.o.js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	s.epoch = stream.CachedInfo().Created.UnixNano()
	r, err := s.record(ctx)
	if err != nil {
		return err
	}
	if r != nil && r.Stream == s.epoch {
		s.decided = r.Decided
	}
	var alone []uint64
	nameless := map[uint64]*naming{} // may be about resources that a later message tells to be the patient's
	take := func(seq uint64, n *naming) {
		named, only := n.about(s.patient, s.owned, s.flags)
		if only {
			n.own(s.owned)
		}
		if named && s.may(seq, only) {
			alone = append(alone, seq)
			s.inputs[layout.InputID{Epoch: s.epoch, Sequence: seq}] = struct{}{}
		}
	}
	err = s.each(ctx, layout.StreamFHIR, func(m jetstream.Msg, seq uint64) {
		n := s.namer.names(m.Data(), m.Headers())
		if len(n.patients) == 0 {
			if len(n.resources)+len(n.flags) > 0 {
				nameless[seq] = n
			}
			return
		}
		take(seq, n)
	})
	if err != nil {
		return err
	}
	for seq, n := range nameless {
		take(seq, n)
	}
	return s.remove(ctx, layout.StreamFHIR, alone)
}

// may tells whether an input may be erased, and notes where not.
func (s *inputSearch) may(seq uint64, alone bool) bool {
	switch {
	case len(s.decided.Gaps(seq, seq)) > 0:
		s.done.Waiting = append(s.done.Waiting, seq)
	case !alone && !s.of.Shared:
		s.done.Shared = append(s.done.Shared, Place{layout.StreamFHIR, seq})
	default:
		return true
	}
	return false
}

// letters erases dead letters. Those without a payload go with their input.
func (s *inputSearch) letters(ctx context.Context) error {
	var found []uint64
	err := s.each(ctx, layout.StreamDead, func(m jetstream.Msg, seq uint64) {
		letter := layout.LetterOf(seq, time.Time{}, m.Headers(), len(m.Data()))
		n := s.namer.names(m.Data(), m.Headers())
		named, alone := n.about(s.patient, s.owned, s.flags)
		if letter.LeftOut || len(m.Data()) == 0 {
			_, alone = s.inputs[letter.From()]
			named = named || alone
		}
		switch {
		case !named:
		case alone && !s.of.Erase:
			s.done.Left = append(s.done.Left, Place{layout.StreamDead, seq})
		case !alone && !s.of.Shared:
			s.done.Shared = append(s.done.Shared, Place{layout.StreamDead, seq})
		default:
			found = append(found, seq)
			s.inputs[letter.From()] = struct{}{}
		}
	})
	if err != nil {
		return err
	}
	return s.remove(ctx, layout.StreamDead, found)
}

// rejections erases what producers were told of inputs that are erased.
func (s *inputSearch) rejections(ctx context.Context) error {
	var found []uint64
	err := s.each(ctx, layout.StreamRejected, func(m jetstream.Msg, seq uint64) {
		r := layout.RejectionOf(m.Headers())
		if _, ok := s.inputs[layout.InputID{Epoch: r.Epoch, Sequence: r.Input}]; ok && r.Input > 0 {
			found = append(found, seq)
		}
	})
	if err != nil {
		return err
	}
	return s.remove(ctx, layout.StreamRejected, found)
}

func (s *inputSearch) each(ctx context.Context, stream string, do func(m jetstream.Msg, seq uint64)) error {
	err := jet.Each(ctx, s.o.js, stream, jetstream.OrderedConsumerConfig{},
		func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
			if s.tell != nil {
				s.tell(1)
			}
			do(m, meta.Sequence.Stream)
			return nil
		})
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	return err
}

func (s *inputSearch) remove(ctx context.Context, name string, sequences []uint64) error {
	if len(sequences) == 0 {
		return nil
	}
	stream, err := s.o.js.Stream(ctx, name)
	if err != nil {
		return fmt.Errorf("stream %s: %w", name, err)
	}
	for _, seq := range sequences {
		if err := deleteMessage(ctx, stream, seq); err != nil {
			return err
		}
		s.done.Erased[name]++
	}
	return nil
}
