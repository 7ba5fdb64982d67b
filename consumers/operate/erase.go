package operate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	Facts   int      // resources of the patient
	Flags   int      // flags that were ever opened
	Open    int      // of these
	Letters []uint64 // dead letters whose payload names the patient: they stay
}

// Nothing tells that nothing was stored about the patient, dead letters aside.
func (e *Erased) Nothing() bool { return e.Facts == 0 && e.Flags == 0 }

// patientRecord is what stands under a patient's token.
type patientRecord struct {
	seq   uint64
	sum   layout.Sum    // what it adds to the tallies
	state *checks.State // nil when there is none
	flags []string      // ids of all flags, also of an erasure that may not have been finished
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

// Erase removes what is stored about a patient: facts, flags with their history, timers, and the
// tombstones of the patient's resources. Running instances forget the patient at once; whoever
// follows flags is told that they are resolved, with the reason erased. It can be repeated, and
// finishes one that was cut short. What producers sent stays in the stream FHIR. Its errors are
// ErrNoStates, ErrOtherKey, ErrNewerFormat and those of the server. progress, which may be nil, is
// told how many dead letters were searched.
func (o *Operator) Erase(ctx context.Context, key []byte, patient facts.Ref, progress func(n int)) (Erased, error) {
	site, err := o.site(ctx, key)
	if err != nil {
		return Erased{}, err
	}
	have, upTo, err := o.Mark(ctx, key, patient, site)
	if err != nil {
		return Erased{}, err
	}
	done := have.found()
	if upTo > 0 {
		if err := o.purge(ctx, layout.NewTokens(key).Of(patient), have.flags, upTo); err != nil {
			return done, err
		}
	}
	done.Letters, err = o.lettersAbout(ctx, patient, progress)
	return done, err
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
	for wait := jet.NewBackoff(); ; wait.Sleep(ctx) {
		have, err := o.patientRecord(ctx, key, site, patient)
		if err != nil {
			return nil, 0, err
		}
		tombs, err := o.tombstones(ctx, key, site, patient, have.state)
		if err != nil {
			return nil, 0, err
		}
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
		marker := layout.ErasureMessage(subject, have.seq, have.flags)
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
		if ids := m.Header.Get(layout.HeaderErased); ids != "" {
			s.flags = strings.Split(ids, ",")
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
	st *checks.State,
) ([]tombstone, error) {
	refs := []facts.Ref{patient}
	if st != nil {
		for i := range st.Facts {
			if f := &st.Facts[i]; f.Ref != patient && f.Ref.Type() != "Medication" &&
				(f.Kind != facts.KindMark || f.Mark != facts.MarkMoved) {
				refs = append(refs, f.Ref)
			}
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
		both, err := layout.FlagMessages(&flags[i], resolutionTTL)
		if err != nil {
			return nil, err
		}
		both[0].Header[layout.HeaderTTL] = []string{layout.TTL(resolutionTTL)}
		msgs = append(msgs, both[0])
	}
	return msgs, nil
}

// lettersAbout are the dead letters whose payload names the patient.
func (o *Operator) lettersAbout(ctx context.Context, patient facts.Ref, progress func(n int)) ([]uint64, error) {
	var found []uint64
	err := jet.Each(
		ctx,
		o.js,
		layout.StreamDead,
		jetstream.OrderedConsumerConfig{},
		func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
			if mentions(m.Data(), string(patient)) {
				found = append(found, meta.Sequence.Stream)
			}
			if progress != nil {
				progress(1)
			}
			return nil
		},
	)
	return found, err
}

// mentions tells whether a payload holds a reference, and not only one that begins with it.
func mentions(data []byte, ref string) bool {
	for {
		_, after, ok := bytes.Cut(data, []byte(ref))
		if !ok {
			return false
		}
		if len(after) == 0 || !isIDByte(after[0]) {
			return true
		}
		data = after
	}
}

func isIDByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '.'
}
