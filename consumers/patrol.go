package consumers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// patrol looks at what others wrote into RLS beside states: flags, audit entries and timers, which
// nobody follows. Only what this session did not write itself has to be read for that.
type patrol struct {
	mu     sync.Mutex
	own    decided.Stretches // sequences that this session wrote
	from   uint64            // all up to here was looked at
	ended  uint64            // where the stream ended at the last look
	swept  bool              // what was there at the start was looked at
	timers map[layout.Token]struct{}
}

// patrolMost is how many messages of others one look reads.
const patrolMost = 500

// wrote notes what this session stored.
func (s *session) wrote(msgs []*nats.Msg, first uint64) {
	if layout.KindOfMessage(msgs[0].Subject) == "other" { // of another stream
		return
	}
	s.patrol.mu.Lock()
	defer s.patrol.mu.Unlock()
	s.patrol.own = s.patrol.own.Add(first, first+uint64(len(msgs))-1)
}

// watchOthers looks at what others wrote. Where it is not for this instance to answer, another does.
func (s *session) watchOthers(ctx context.Context, last uint64, answers bool) error {
	p := &s.patrol
	p.mu.Lock()
	upTo := p.ended // what came since may be on its way here
	p.ended = last
	if !answers {
		p.from, p.own = last, nil
	}
	gaps := p.own.Gaps(p.from+1, upTo)
	p.mu.Unlock()
	if !answers {
		return nil
	}
	stream, err := s.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	left := patrolMost
	for _, gap := range gaps {
		for seq := gap[0]; seq <= gap[1]; seq++ {
			if left--; left < 0 {
				upTo = seq - 1
				break
			}
			m, err := stream.GetMsg(ctx, seq)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				continue
			}
			if err != nil {
				return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
			}
			if err := s.examine(ctx, m.Subject, m.Header, m.Data, m.Sequence); err != nil {
				return err
			}
		}
	}
	p.mu.Lock()
	p.from = max(p.from, upTo)
	p.own = p.own.Without(decided.Stretches{}.Add(1, p.from))
	p.mu.Unlock()
	return s.sweep(ctx)
}

// sweep looks once at what was there when the session began.
func (s *session) sweep(ctx context.Context) error {
	if s.patrol.swept || len(s.health.Reasons()) > 0 {
		return nil
	}
	flags, err := s.committer.Numbers()
	if err != nil {
		return err
	}
	filters := []string{layout.SubjectCommitFlags + ">", layout.SubjectTimer + "*"}
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: filters}
	older := map[string]struct{}{}
	err = jet.Each(ctx, s.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		id := lastPart(m.Subject())
		switch want, known := flags[id]; {
		case known && want.Shows(m.Subject(), m.Headers()):
			delete(flags, id)
			delete(older, id)
		case known:
			older[id] = struct{}{}
		}
		return s.examine(ctx, m.Subject(), m.Headers(), m.Data(), meta.Sequence.Stream)
	})
	if err != nil {
		return err
	}
	s.patrol.swept = true
	for id := range older { // the newest was replaced by an older one, or left RLS before it
		if err := s.restoreFlag(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func lastPart(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

// examine looks at one message, and mends what is not ours.
func (s *session) examine(ctx context.Context, subject string, h nats.Header, data []byte, seq uint64) error {
	kind := layout.KindOfMessage(subject)
	switch {
	case kind != "flag" && kind != "audit" && kind != "timer":
		return nil // states and records are looked at where they are read
	case !s.authentic(subject, h, data, seq):
		s.health.Foreign(kind)
		s.log.Error().Str("kind", kind).Uint64("sequence", seq).Msg("a message that rlsguard did not write")
	case kind != "flag":
		return nil
	default:
		// the last word on a severity that a flag no longer has stays, and is older
		if want, known := s.committer.Number(data); !known || want.Number <= layout.NumberOf(h) || !showsOpen(h) {
			return nil
		}
		if m := jet.LastOf(ctx, s.js, layout.StreamRLS, subject); m == nil || m.Sequence != seq {
			return nil // it is replaced by now
		}
		s.health.Foreign(kind)
		s.log.Error().Str("kind", kind).Uint64("sequence", seq).Msg("an older message was put back")
	}
	return s.mendForeign(ctx, kind, subject, seq)
}

// mendForeign stores anew what a message that is not ours took the place of.
func (s *session) mendForeign(ctx context.Context, kind, subject string, seq uint64) error {
	switch kind {
	case "timer":
		s.clear(ctx, layout.StreamRLS, subject)
		if tok, err := layout.ParseToken(lastPart(subject)); err == nil {
			s.patrol.set(tok)
		}
	case "flag":
		s.trouble(health.ForeignMessages, "a flag in stream "+layout.StreamRLS+
			" is not what rlsguard wrote: it is stored anew from the audit; find out who can write there")
		if err := s.restoreFlag(ctx, lastPart(subject)); err != nil {
			return err
		}
		s.trouble(health.ForeignMessages, "")
	}
	return nil
}

// clear removes what stands under a subject, where this user may.
func (s *session) clear(ctx context.Context, stream, subject string) {
	st, err := s.js.Stream(ctx, stream)
	if err == nil {
		err = st.Purge(ctx, jetstream.WithPurgeSubject(subject))
	}
	if err != nil {
		s.log.Warn().Err(err).Str("stream", stream).
			Msg("cannot remove a message that rlsguard did not write: an admin must")
	}
}

// setTimers sets the timers again that something foreign took the place of.
func (s *session) setTimers(ctx context.Context) error {
	s.patrol.mu.Lock()
	var tokens []layout.Token
	for tok := range s.patrol.timers {
		tokens = append(tokens, tok)
	}
	s.patrol.timers = nil
	s.patrol.mu.Unlock()
	return s.committer.SetTimers(ctx, tokens)
}
