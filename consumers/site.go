package consumers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Errors that no retry mends: Serve ends with them.
var (
	ErrOtherKey    = errors.New("the stored states were made with another site key")
	ErrNewerFormat = errors.New("the stored states were written by a newer version")
	ErrHistoryGone = errors.New("the stored states are gone and the inbound stream does not hold all that led to them")
	ErrImporting   = errors.New("an import of the stored states did not end: run rlsguard import again")
)

// stateFormat is the layout of the stream RLS: subjects, and what is under them.
const stateFormat = 1

// site is what all states of a stream were made with.
type site struct {
	Format  int    `json:"format"`
	Key     string `json:"key"`     // fingerprint of the site key
	Ruleset string `json:"ruleset"` // of tables, rules and settings
	AsOf    string `json:"asOf,omitempty"`
	// Done: every patient was evaluated with these.
	Done bool `json:"done"`
	// Importing: what is stored is a part of an import.
	Importing bool `json:"importing,omitempty"`
	// Rearm: what is stored was imported, and no timers are set.
	Rearm bool `json:"rearm,omitempty"`
	// Rebuilding is how far the inbound stream reached when states that were lost began to be made again from it. What is stored is a part
	// until all of that is decided.
	Rebuilding uint64 `json:"rebuilding,omitempty"`

	seq uint64
}

func (c *Committer) wantedSite() site {
	w := site{Format: stateFormat, Key: fingerprint(c.engine.Key), Ruleset: c.engine.Ruleset, Rebuilding: c.rebuilding}
	if !c.frozen.IsZero() {
		w.AsOf = c.frozen.UTC().Format(time.RFC3339Nano)
	}
	return w
}

// readSite reads the record of the site; nil when there is none.
func readSite(ctx context.Context, js jetstream.JetStream) (*site, error) {
	stream, err := js.Stream(ctx, StreamRLS)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", StreamRLS, err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, subjectSite)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", subjectSite, err)
	}
	return parseSite(m.Sequence, m.Data)
}

func parseSite(seq uint64, data []byte) (*site, error) {
	have := &site{seq: seq}
	if err := json.Unmarshal(data, have); err != nil {
		return nil, fmt.Errorf("reading %s: %w", subjectSite, err)
	}
	return have, nil
}

// checkSite refuses to run on states that this process must not touch. It tells what they were made with; nil for a new site.
func (s *session) checkSite(ctx context.Context) (*site, error) {
	have, err := readSite(ctx, s.js)
	if err != nil || have == nil {
		return have, err
	}
	if err := have.fits(s.cfg.Engine.Key); err != nil {
		return nil, err
	}
	return have, nil
}

// fits tells why states must not be touched by whoever has this key.
func (w *site) fits(key []byte) error {
	switch own := fingerprint(key); {
	case w.Format > stateFormat:
		return fmt.Errorf("%w: format %d, this one knows up to %d", ErrNewerFormat, w.Format, stateFormat)
	case w.Key != own:
		return fmt.Errorf("%w (fingerprint %s, given %s): flag ids and tokens would not match", ErrOtherKey, w.Key, own)
	case w.Importing:
		return ErrImporting
	}
	return nil
}

// writeSite records what the states are made with.
func writeSite(ctx context.Context, to Store, w site, expect uint64) (uint64, error) {
	data, err := json.Marshal(w)
	if err != nil {
		return 0, err
	}
	m := &nats.Msg{Subject: subjectSite, Data: data, Header: nats.Header{headerExpect: {fmt.Sprint(expect)}}}
	written := <-to.Send(ctx, []*nats.Msg{m})
	return written.First, written.Err
}

// settleSite brings the states to this process's rules, once.
func (c *Committer) settleSite(ctx context.Context, have *site) error {
	want := c.wantedSite()
	settled := have != nil && have.Done && have.Ruleset == want.Ruleset && have.AsOf == want.AsOf
	if settled && have.Rebuilding == want.Rebuilding {
		return nil
	}
	var seq uint64
	if have != nil {
		seq = have.seq
	}
	if have != nil && !settled {
		w := want
		w.Rearm = have.Rearm
		why := "rules, settings or as-of time changed: evaluating every patient again"
		if have.Rearm {
			why = "states were imported: evaluating every patient again and setting timers"
		}
		c.log.Info().Str("ruleset", want.Ruleset).Str("before", have.Ruleset).Msg(why)
		var err error
		if seq, err = writeSite(ctx, c.store.to, w, seq); err != nil {
			return err
		}
		if err := c.reevaluateAll(ctx, have.AsOf == want.AsOf && !have.Rearm); err != nil {
			return err
		}
	}
	want.Done = true
	_, err := writeSite(ctx, c.store.to, want, seq)
	return err
}

// reevaluateAll decides about every patient again. Where the as-of time is the same, those who have been decided under these rules
// are done already, so that a restart goes on where the last one ended.
func (c *Committer) reevaluateAll(ctx context.Context, skipDone bool) error {
	var tokens []token
	for slot := range c.copy.slots() {
		st, err := c.copy.patient(slot)
		if err != nil {
			return err
		}
		if st == nil || skipDone && st.Ruleset == c.engine.Ruleset {
			continue
		}
		tokens = append(tokens, c.copy.tokens.of(st.Patient))
		if len(tokens) == chunk {
			if err := c.reevaluate(ctx, tokens); err != nil {
				return err
			}
			tokens = tokens[:0]
		}
	}
	return c.reevaluate(ctx, tokens)
}

// checkHistory keeps a site whose states were deleted from going on with nothing: what was acknowledged would never come again.
// When the inbound stream still holds everything the durable consumer starts over, else this is for a human. Whoever comes a moment later
// finds no consumer or a new one, and has to wait for the same.
func (s *session) checkHistory(ctx context.Context) error {
	stream, err := s.js.Stream(ctx, StreamFHIR)
	if err != nil {
		return fmt.Errorf("stream %s: %w", StreamFHIR, err)
	}
	state := stream.CachedInfo().State
	s.cfg.rebuild = max(s.cfg.rebuild, state.LastSeq)
	cons, err := s.js.Consumer(ctx, StreamFHIR, Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("consumer %s: %w", Durable, err)
	}
	if cons.CachedInfo().AckFloor.Stream == 0 {
		return nil
	}
	if missing := state.FirstSeq; missing > 1 || state.NumDeleted > 0 {
		return fmt.Errorf("%w: sequence 1 of stream %s is not there any more, the first one left is %d", ErrHistoryGone, StreamFHIR, missing)
	}
	s.log.Warn().Uint64("messages", state.Msgs).Msg("the stored states are gone: making them again from the inbound stream")
	if err := s.remakeCopy(ctx, time.Unix(0, s.flagsMade.Load())); err != nil { // it shows what nobody may resolve; it is compared once more before we are ready
		s.log.Warn().Err(err).Msg("the copy of the flags is still the old one")
	}
	if err := s.js.DeleteConsumer(ctx, StreamFHIR, Durable); err != nil {
		return fmt.Errorf("consumer %s: %w", Durable, err)
	}
	return nil
}
