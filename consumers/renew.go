package consumers

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// renewAfter is how many messages RLS takes after a timer before that is set again. A timer may stand
// for years, and with it a block of the server's store, which never merges blocks. It counts
// messages, not time: where nothing is written nothing has to be renewed. Tests have less patience.
var renewAfter uint64 = 200_000

// mostRenewed is how many timers one round sets again.
const mostRenewed = 100

// renewTimers lets the oldest timers be set again.
func (s *session) renewTimers(ctx context.Context) error {
	rls, err := s.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	last := rls.CachedInfo().State.LastSeq
	for next, left := uint64(1), mostRenewed; left > 0 && s.cfg.AsOf.IsZero(); left-- {
		m, err := rls.GetMsg(ctx, next, jetstream.WithGetMsgSubject(layout.SubjectTimer+"*"))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
		case m.Sequence+renewAfter > last:
			return nil
		}
		next = m.Sequence + 1
		if tok, err := layout.ParseToken(lastPart(m.Subject)); err == nil {
			s.patrol.set(tok)
		}
	}
	return nil
}

// set lets the timer of a patient be set again.
func (p *patrol) set(tok layout.Token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timers == nil {
		p.timers = map[layout.Token]struct{}{}
	}
	p.timers[tok] = struct{}{}
}
