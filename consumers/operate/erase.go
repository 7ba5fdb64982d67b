package operate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Erased tells what an erasure found, or would find.
type Erased struct {
	Facts int // resources of the patient
	Flags int // flags that were ever opened
	Open  int // of these

	Inputs ErasedInputs
	Files  ErasedFiles
}

// Nothing tells that nothing was stored about the patient, inputs and letters aside.
func (e *Erased) Nothing() bool { return e.Facts == 0 && e.Flags == 0 }

// patientRecord is what stands under a patient's token.
type patientRecord struct {
	seq   uint64
	sum   layout.Sum    // what it adds to the tallies
	state *checks.State // nil when there is none
	flags []string      // ids of all flags, also of an erasure that may not have been finished
	gone  []string      // tokens of tombstones that go with it
}

// resolutionTTL bounds how long the last word about an erased patient's flags stays, should it not
// be removed right after it was shown.
const resolutionTTL = time.Hour

// Find tells what Erase would remove. Its errors are those of Erase.
func (o *Operator) Find(ctx context.Context, key []byte, patient facts.Ref) (Erased, error) {
	site, err := o.site(ctx, key)
	if err != nil {
		return Erased{}, err
	}
	have, err := o.patientRecord(ctx, key, site, patient)
	if err != nil {
		return Erased{}, err
	}
	return have.found(), nil
}

func (s *patientRecord) found() Erased {
	var e Erased
	if s.state != nil {
		e.Facts, e.Flags = len(s.state.Facts), len(s.flags)
		for i := range s.state.Flags {
			if s.state.Flags[i].Severity != checks.None {
				e.Open++
			}
		}
	}
	return e
}

// Erase removes what is stored about a patient: facts, flags with their history, timers, the
// tombstones of the patient's resources, and what users did with cards; with inputs.Erase also what
// producers sent. Running instances forget the patient at once; whoever follows flags is told that
// they are resolved, with the reason erased. It can be repeated, and finishes one that was cut
// short. Its errors are ErrNoStates, ErrOtherKey, ErrNewerFormat and those of the server. progress,
// which may be nil, is told how many inputs and letters were searched.
func (o *Operator) Erase(
	ctx context.Context,
	key []byte,
	patient facts.Ref,
	inputs InputsOf,
	progress func(n int),
) (Erased, error) {
	site, err := o.site(ctx, key)
	if err != nil {
		return Erased{}, err
	}
	have, upTo, err := o.Mark(ctx, key, patient, site)
	if err != nil {
		return Erased{}, err
	}
	done := have.found()
	tokens := layout.NewTokens(key)
	if upTo > 0 {
		if err := o.purge(ctx, tokens.Of(patient), have.flags, upTo); err != nil {
			return done, err
		}
	}
	if done.Inputs, err = o.eraseInputs(ctx, key, site, patient, have, inputs, progress); err != nil {
		return done, err
	}
	keys := append(have.keys(tokens), tokens.Of(patient).String())
	done.Files, err = o.wipe(ctx, append(keys, have.flags...))
	return done, err
}

// keys are the parts of subjects under which something of the patient stood, flags aside.
func (s *patientRecord) keys(tokens *layout.Tokens) []string {
	keys := slices.Clone(s.gone)
	if s.state == nil {
		return keys
	}
	for ref := range s.resources() {
		keys = append(keys, tokens.Of(ref).String(), tokens.Of(fold.UndatedKey(ref)).String())
	}
	return keys
}

// resources are those of the patient. One that moved away is another patient's.
func (s *patientRecord) resources() iter.Seq[facts.Ref] {
	return func(yield func(facts.Ref) bool) {
		if s.state == nil {
			return
		}
		for i := range s.state.Facts {
			f := &s.state.Facts[i]
			if f.Ref.Type() == "Medication" || f.Kind == facts.KindMark && f.Mark == facts.MarkMoved {
				continue
			}
			if !yield(f.Ref) {
				return
			}
		}
	}
}

// Mark puts the marker in the place of the patient's state, and tells what was there and up to
// which sequence of RLS the patient has to be removed; 0 when there was nothing.
func (o *Operator) Mark(
	ctx context.Context,
	key []byte,
	patient facts.Ref,
	site *layout.SiteRecord,
) (*patientRecord, uint64, error) {
	signer := layout.NewSigner(key)
	subject := layout.SubjectPatient + layout.NewTokens(key).Of(patient).String()
	var gone []string // a try that fails may have marked some already
	for wait := jet.NewBackoff(); ; wait.Sleep(ctx) {
		have, err := o.patientRecord(ctx, key, site, patient)
		if err != nil {
			return nil, 0, err
		}
		tombs, err := o.tombstones(ctx, key, site, patient, have)
		if err != nil {
			return nil, 0, err
		}
		for _, t := range tombs {
			gone = append(gone, strings.TrimPrefix(t.marker.Subject, layout.SubjectGone))
		}
		have.gone = append(have.gone, gone...)
		if have.state == nil && len(tombs) == 0 {
			return have, have.seq, nil
		}
		msgs, err := resolutions(have.state, key, site.Ruleset)
		if err != nil {
			return nil, 0, err
		}
		for _, m := range msgs {
			signer.Sign(m, 0)
		}
		marker := layout.ErasureMessage(subject, have.seq, append(slices.Clone(have.flags), have.gone...))
		signer.Sign(marker, have.seq)
		seq, err := o.writeMarkers(ctx, signer, site, tombs, append(msgs, marker), have.sum)
		switch {
		case err == nil:
			return have, seq, nil
		case ctx.Err() != nil:
			return nil, 0, ctx.Err()
		case !errors.Is(err, jet.ErrConflict) && !errors.Is(err, jet.ErrUnknown):
			return nil, 0, err
		}
	}
}

// writeMarkers writes the tombstones' markers, and then last in one piece; it returns the sequence
// of the last message.
func (o *Operator) writeMarkers(
	ctx context.Context,
	signer *layout.Signer,
	site *layout.SiteRecord,
	tombs []tombstone,
	last []*nats.Msg,
	less layout.Sum,
) (uint64, error) {
	for part := range slices.Chunk(tombs, jet.MaxBatch/2) {
		var msgs []*nats.Msg
		var sum layout.Sum
		for _, t := range part {
			signer.Sign(t.marker, t.seq)
			msgs, sum = append(msgs, t.marker), sum.Plus(t.sum)
		}
		if _, err := o.writeStates(ctx, signer, site, msgs, sum); err != nil {
			return 0, err
		}
	}
	first, err := o.writeStates(ctx, signer, site, last, less)
	return first + uint64(len(last)) - 1, err
}

// tombstone is the marker for one, and what it takes the place of.
type tombstone struct {
	marker *nats.Msg
	seq    uint64
	sum    layout.Sum
}

// patientRecord reads what stands under a patient's token.
func (o *Operator) patientRecord(
	ctx context.Context,
	key []byte,
	site *layout.SiteRecord,
	patient facts.Ref,
) (*patientRecord, error) {
	stream, err := o.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, layout.SubjectPatient+layout.NewTokens(key).Of(patient).String())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return &patientRecord{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading a state: %w", err)
	}
	s := &patientRecord{seq: m.Sequence}
	if s.sum, err = authentic(layout.NewSigner(key), site, m.Subject, m.Header, m.Data, m.Sequence); err != nil {
		return nil, fmt.Errorf("%w: %w", layout.ErrState, err)
	}
	if s.state, err = codec.Decode(m.Data); err != nil {
		return nil, fmt.Errorf("%w: sequence %d of %s: %w", layout.ErrState, m.Sequence, layout.StreamRLS, err)
	}
	for _, f := range s.state.Flags {
		s.flags = append(s.flags, checks.FlagID(key, patient, f.Check, f.Ingredient))
	}
	if layout.Erased(s.state) {
		s.state, s.sum = nil, layout.Sum{}
		for id := range strings.SplitSeq(m.Header.Get(layout.HeaderErased), ",") {
			if _, err := layout.ParseToken(id); err == nil {
				s.gone = append(s.gone, id)
			} else if layout.FlagID.MatchString(id) {
				s.flags = append(s.flags, id)
			}
		}
	}
	return s, nil
}

// tombstones are the markers for the tombstones of the patient and of the patient's resources. One
// that moved away is another patient's.
func (o *Operator) tombstones(
	ctx context.Context,
	key []byte,
	site *layout.SiteRecord,
	patient facts.Ref,
	have *patientRecord,
) ([]tombstone, error) {
	refs := []facts.Ref{patient}
	for ref := range have.resources() {
		if ref != patient {
			refs = append(refs, ref)
		}
	}
	stream, err := o.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(layout.SubjectGone+"*"))
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	var found []tombstone
	tokens, signer := layout.NewTokens(key), layout.NewSigner(key)
	for _, ref := range refs {
		for _, r := range []facts.Ref{ref, fold.UndatedKey(ref)} {
			subject := layout.SubjectGone + tokens.Of(r).String()
			if info.State.Subjects[subject] == 0 {
				continue
			}
			last, err := o.Store.Last(ctx, []string{subject})
			if err != nil {
				return nil, err
			}
			m := last[0]
			if st, err := codec.Decode(m.Data); m.Sequence > 0 && (err != nil || !layout.Erased(st)) {
				sum, err := authentic(signer, site, subject, m.Header, m.Data, m.Sequence)
				if err != nil {
					return nil, fmt.Errorf("%w: %w", layout.ErrState, err)
				}
				found = append(found, tombstone{layout.ErasureMessage(subject, m.Sequence, nil), m.Sequence, sum})
			}
		}
	}
	return found, nil
}

// resolutions tell whoever follows flags that those of a state are no longer open.
func resolutions(st *checks.State, key []byte, ruleset string) ([]*nats.Msg, error) {
	if st == nil {
		return nil, nil
	}
	var msgs []*nats.Msg
	flags := checks.Erase(st, key, ruleset, time.Now())
	for i := range flags {
		both, err := layout.FlagMessages(&flags[i])
		if err != nil {
			return nil, err
		}
		both[0].Header[layout.HeaderTTL] = []string{layout.TTL(resolutionTTL)}
		msgs = append(msgs, both[0])
	}
	return msgs, nil
}
