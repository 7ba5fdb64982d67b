package consumers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// errRestored: states that had vanished were stored again. Everything is read anew, and decided
// anew, since timers went with them.
var errRestored = errors.New("states that had vanished were stored again")

// restore stores states again as they are in memory, and the newest transitions of their flags.
// The record of the site comes first: what is stored after it is decided anew at the next start,
// which also sets the timers.
func (s *session) restore(ctx context.Context, missing commit.MissingRows) error {
	n := missing.Count()
	untold, err := s.restoreFlags(ctx)
	if err != nil {
		return err
	}
	have, err := jet.ReadSite(ctx, s.js)
	if err != nil {
		return err
	}
	again, seq := s.WantedSite(), uint64(0)
	if again.Rearm = true; have != nil {
		seq = have.Seq
	}
	if _, err := jet.WriteSite(ctx, s.Store.To, again, seq); err != nil {
		return err
	}
	for _, ref := range untold {
		missing.Rows[layout.SubjectPatient][s.Copy.Tokens.Of(ref)] = struct{}{}
	}
	for _, kind := range []string{layout.SubjectGone, layout.SubjectMedication, layout.SubjectPatient} {
		for part := range slices.Chunk(slices.Collect(maps.Keys(missing.Rows[kind])), commit.Chunk) {
			p, err := s.piece(kind, part, untold)
			if err != nil {
				return err
			}
			if err := s.Store.Commit(ctx, p); err != nil {
				return fmt.Errorf("storing states again: %w", err)
			}
		}
	}
	s.Log.Error().Int("states", n).Int("flags", len(untold)).
		Msg("stored states had vanished from the stream RLS: they are stored again from memory; flags with no transition left open again")
	return errRestored
}

// restoreFlags puts the newest transitions of open flags back that RLS does not have, from
// RLS_FLAGS. It gives the flags that neither has, with their patients.
func (s *session) restoreFlags(ctx context.Context) (map[string]checks.Ref, error) {
	missing, err := s.openFlags()
	if err != nil {
		return nil, err
	}
	id := func(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectCommitFlags + ">"}, HeadersOnly: true}
	err = jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		if showsOpen(m.Headers()) {
			delete(missing, id(m.Subject()))
		}
		return nil
	})
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	_, err = jet.EachDirect(ctx, s.js, layout.StreamFlags, layout.SubjectFlags+">", 1, func(m *jetstream.RawStreamMsg) error {
		if _, is := missing[id(m.Subject)]; !is || !showsOpen(m.Header) {
			return nil
		}
		back := nats.NewMsg(layout.SubjectCommitFlags + strings.TrimPrefix(m.Subject, layout.SubjectFlags))
		back.Data, back.Header = m.Data, layout.Lasting(m.Header, m.Time)
		back.Header[layout.HeaderExpect] = []string{"0"}
		if written := <-s.batches.Send(ctx, []*nats.Msg{back}); written.Err != nil && !errors.Is(written.Err, jet.ErrConflict) {
			return written.Err
		}
		delete(missing, id(m.Subject))
		return nil
	})
	return missing, err
}

// openFlags are the ids of all open flags, with their patients.
func (s *session) openFlags() (map[string]checks.Ref, error) {
	c := s.Copy
	c.Mu.RLock()
	slots := slices.Collect(maps.Keys(c.Open.BySlot))
	c.Mu.RUnlock()
	ids := map[string]checks.Ref{}
	for _, slot := range slots {
		st, err := c.Patient(slot)
		if err != nil {
			return nil, err
		}
		for i := 0; st != nil && i < len(st.Flags); i++ {
			if f := &st.Flags[i]; f.Severity != checks.None {
				ids[checks.FlagID(s.Engine.Key, st.Patient, f.Check, f.Ingredient)] = st.Patient
			}
		}
	}
	return ids, nil
}

// piece stores states again. Flags nobody can read any more are resolved in them, so that they are
// opened again.
func (s *session) piece(kind string, tokens []layout.Token, untold map[string]checks.Ref) (*commit.Piece, error) {
	p := &commit.Piece{View: s.Copy.Snapshot()}
	for _, tok := range tokens {
		seq, data := s.Copy.LookUp(kind, tok)
		if data == nil {
			continue
		}
		st, err := codec.Decode(data)
		if err != nil {
			return nil, fmt.Errorf("%w: in memory: %w", layout.ErrState, err)
		}
		row := commit.StateRow{Kind: kind, Token: tok, Data: data, State: st, Expect: seq}
		if kind != layout.SubjectPatient && len(st.Facts) == 1 {
			row.Ref = st.Facts[0].Ref
		}
		for i := range st.Flags {
			f := &st.Flags[i]
			if _, is := untold[checks.FlagID(s.Engine.Key, st.Patient, f.Check, f.Ingredient)]; is {
				f.Severity, row.Data = checks.None, nil
			}
		}
		if row.Data == nil {
			row.Data = codec.Append(nil, st)
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}
