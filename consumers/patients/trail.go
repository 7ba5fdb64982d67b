package patients

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// mostSteps of one flag are read; a flag that changed more often is told from there on.
const mostSteps = 200

// errMore tells that a flag has more transitions than were read.
var errMore = errors.New("a flag has more transitions than are told")

const trailTimeout = 2 * time.Second

// streamAudit keeps, where there is one, the transitions that have left RLS, those of a flag under
// one subject.
const streamAudit = "RLS_AUDIT"

// streams are the Trail that rlsguard keeps in RLS and RLS_AUDIT. They are read by single messages,
// without a consumer: those of one stream are counted, and a page that many look at would use them
// up.
type streams struct {
	key []byte
	js  jetstream.JetStream

	mu    sync.Mutex
	found map[string]jetstream.Stream
}

// NewTrail reads what is kept of flags; key is the site key. There is at most one domain.
func NewTrail(nc *nats.Conn, key []byte, in ...jet.Domain) (Trail, error) {
	js, err := jet.New(nc, jet.OnlyDomain(in), jetstream.WithDefaultTimeout(trailTimeout))
	if err != nil {
		return nil, err
	}
	return &streams{key: key, js: js, found: map[string]jetstream.Stream{}}, nil
}

// Whose implements Trail. What a flag is now stands in RLS for a while; what has left that is in
// RLS_AUDIT, and where that does not keep it any more, in RLS_FLAGS.
func (s *streams) Whose(ctx context.Context, flag string) (facts.Ref, error) {
	for _, place := range []struct{ stream, subject string }{
		{layout.StreamRLS, layout.SubjectCommitFlags + "*.*." + flag},
		{layout.StreamRLS, layout.SubjectAudit + flag + ".*"},
		{streamAudit, layout.SubjectAudit + flag},
		{layout.StreamFlags, layout.SubjectFlags + "*.*." + flag},
	} {
		f, err := s.get(ctx, place.stream, func(str jetstream.Stream) (*jetstream.RawStreamMsg, error) {
			return str.GetLastMsgForSubject(ctx, place.subject)
		})
		if err != nil {
			return "", err
		}
		if f != nil && checks.FlagID(s.key, f.Patient, f.Check, f.Ingredient) == flag {
			return f.Patient, nil
		}
	}
	return "", nil
}

// Transitions implements Trail. They are numbered without gaps; the oldest leave RLS first.
func (s *streams) Transitions(ctx context.Context, flag string, number uint64) (all []checks.Flag, err error) {
	for ; number > 0; number-- {
		if len(all) == mostSteps {
			return all, errMore
		}
		f, err := s.get(ctx, layout.StreamRLS, func(str jetstream.Stream) (*jetstream.RawStreamMsg, error) {
			return str.GetLastMsgForSubject(ctx, fmt.Sprintf("%s%s.%d", layout.SubjectAudit, flag, number))
		})
		if err != nil {
			return all, err
		}
		if f == nil {
			break
		}
		all = append(all, *f)
	}
	if number == 0 {
		return all, nil
	}
	older, err := s.audited(ctx, flag, number)
	return append(all, older...), err
}

// audited are the transitions of a flag up to a number that RLS_AUDIT has, the oldest first.
func (s *streams) audited(ctx context.Context, flag string, number uint64) (all []checks.Flag, err error) {
	for seq := uint64(1); ; {
		f, err := s.get(ctx, streamAudit, func(str jetstream.Stream) (*jetstream.RawStreamMsg, error) {
			m, err := str.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(layout.SubjectAudit+flag))
			if err == nil {
				seq = m.Sequence + 1
			}
			return m, err
		})
		if err != nil || f == nil {
			return all, err
		}
		if len(all) == mostSteps {
			return all, errMore
		}
		if f.Number <= number {
			all = append(all, *f)
		}
	}
}

// get is the transition that a stream has; nil where it has none, or is not there.
func (s *streams) get(
	ctx context.Context,
	name string,
	ask func(jetstream.Stream) (*jetstream.RawStreamMsg, error),
) (*checks.Flag, error) {
	stream, err := s.find(ctx, name)
	var m *jetstream.RawStreamMsg
	if err == nil {
		m, err = ask(stream)
	}
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound),
		name != layout.StreamRLS && errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("stream %s: %w", name, err)
	}
	f, err := issue.Unmarshal(m.Data)
	if err != nil {
		return nil, fmt.Errorf("stream %s: a transition cannot be read", name)
	}
	return &f, nil
}

// find looks for a stream until it was found once.
func (s *streams) find(ctx context.Context, name string) (jetstream.Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.found[name]; known != nil {
		return known, nil
	}
	stream, err := s.js.Stream(ctx, name)
	if err == nil {
		s.found[name] = stream
	}
	return stream, err
}
