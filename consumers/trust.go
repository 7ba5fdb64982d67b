package consumers

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// errEarlierServes: an instance of a version that does not sign would overwrite what is signed.
var errEarlierServes = errors.New("an instance of an earlier version is serving, and signs nothing: stop it first")

// checkSite refuses to run on states that this process must not touch. It tells what they were made
// with; nil for a new site. States of an earlier version are noted as such, and signed later.
func (s *session) checkSite(ctx context.Context) (*layout.SiteRecord, error) {
	stream, err := s.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	ends := stream.CachedInfo().State.LastSeq
	seal, err := commit.ReadSeal(ctx, s.batches, s.signer)
	if err != nil {
		return nil, err
	}
	have, err := seal.Record(s.cfg.Engine.Key)
	if err != nil {
		return nil, err
	}
	unsigned := ends // what is there was there before any was signed
	if have != nil && have.Signed > 0 || seal.Tallied {
		unsigned = seal.Unsigned(have)
	}
	s.unsigned, s.patrol.from = unsigned, ends
	s.states.Trust(unsigned, ends, s.foreign)
	if seal.Foreign {
		s.foreign(layout.SubjectSite)
		s.log.Error().Msg("rlsguard did not write the site record: rebuilding it and evaluating every patient " +
			"again")
	}
	if have == nil || have.Signed > 0 {
		return have, nil
	}
	return s.beginSigning(ctx, have, ends)
}

// beginSigning notes that what an earlier version stored ends here. Flags are signed before, so
// that readers who have the key and see nothing of RLS find none without.
func (s *session) beginSigning(ctx context.Context, have *layout.SiteRecord, ends uint64) (*layout.SiteRecord, error) {
	durables := map[string]string{layout.StreamFHIR: layout.Durable, layout.StreamRLS: layout.DurableDue}
	for stream, durable := range durables {
		if cons, err := s.js.Consumer(ctx, stream, durable); err == nil && cons.CachedInfo().NumWaiting > 0 {
			return nil, errEarlierServes
		}
	}
	s.log.Info().Uint64("up_to", ends).Msg("signing what an earlier version stored")
	if err := s.signFlags(ctx, ends); err != nil {
		return nil, err
	}
	now := *have
	now.Format, now.Signed = layout.StateFormat, max(ends, 1)
	var err error
	now.Seq, err = s.committer.WriteSite(ctx, now, have.Seq)
	return &now, err
}

// makeGood sees to states that lack something: it lets the inbound stream be read again where that
// holds all, and is an error otherwise.
func (s *session) makeGood(ctx context.Context, have *layout.SiteRecord) error {
	record, err := decided.ReadInputs(ctx, s.js, s.signer, s.unsigned)
	if err != nil {
		return err
	}
	if record != nil {
		s.states.Behind(record.Tallies, record.Anew)
	}
	lacking := s.states.Lacking()
	switch {
	case lacking == nil:
		s.trouble(health.StateDamaged, "")
		return nil
	case s.rebuilding > 0 || have == nil:
		s.trouble(health.StateDamaged, "")
		return nil
	case commit.SiteLost(lacking):
		s.log.Error().Err(lacking).Msg("evaluating every patient again")
		have.Done, have.Rearm = false, true
		return nil
	}
	stream, err := s.js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	state := stream.CachedInfo().State
	cons, err := s.js.Consumer(ctx, layout.StreamFHIR, layout.Durable)
	served := err == nil && cons.CachedInfo().NumWaiting > 0 // whoever serves stores again what it holds
	if served || !whole(state) || state.LastSeq == 0 || s.states.Erased() > 0 {
		s.trouble(health.StateDamaged, lacking.Error()+
			": import the newest export into an empty stream RLS, or go on without by rlsguard verify --accept-states")
		return lacking
	}
	s.log.Error().Err(lacking).Uint64("messages", state.Msgs).Msg("reading the inbound stream again")
	if err := s.js.DeleteConsumer(ctx, layout.StreamFHIR, layout.Durable); err != nil &&
		!errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("consumer %s: %w", layout.Durable, err)
	}
	s.run.rebuild = max(s.run.rebuild, state.LastSeq)
	have.Rebuilding = s.run.rebuild
	if have.Seq, err = s.committer.WriteSite(ctx, *have, have.Seq); err != nil {
		return err
	}
	s.rebuilding = s.run.rebuild
	s.trouble(health.StateDamaged, "")
	return nil
}

// foreign tells of a message that rlsguard did not write.
func (s *session) foreign(subject string) {
	s.health.Foreign(layout.KindOfMessage(subject))
	s.trouble(health.ForeignMessages, "messages that rlsguard did not write stand in stream "+layout.StreamRLS+
		": what it knows is written over them; find out who can write there")
}

// replaceForeign writes what is known over messages that are not ours.
func (s *session) replaceForeign(ctx context.Context) error {
	n, err := s.committer.Replace(ctx)
	if n > 0 {
		s.log.Warn().Int("messages", n).Msg("foreign messages were overwritten with what is known")
	}
	if _, standing := s.states.Foreign(); standing == 0 && err == nil {
		s.trouble(health.ForeignMessages, "")
	}
	return err
}
