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

// errMore tells that a flag has older transitions than were read.
var errMore = errors.New("a flag has more transitions than are told")

const trailTimeout = 2 * time.Second

// stream is the Trail that rlsguard keeps in the stream RLS. It reads single messages and makes no
// consumer: those of one stream are counted, and a page that many look at would use them up.
type stream struct {
	key []byte
	js  jetstream.JetStream

	mu  sync.Mutex
	rls jetstream.Stream // nil until it was found
}

// NewTrail reads what is kept of flags in the stream RLS; key is the site key. There is at most one
// domain.
func NewTrail(nc *nats.Conn, key []byte, in ...jet.Domain) (Trail, error) {
	js, err := jet.New(nc, jet.OnlyDomain(in), jetstream.WithDefaultTimeout(trailTimeout))
	if err != nil {
		return nil, err
	}
	return &stream{key: key, js: js}, nil
}

// Whose implements Trail.
func (s *stream) Whose(ctx context.Context, flag string) (facts.Ref, error) {
	f, err := s.last(ctx, layout.SubjectCommitFlags+"*.*."+flag)
	if err != nil || f == nil || checks.FlagID(s.key, f.Patient, f.Check, f.Ingredient) != flag {
		return "", err
	}
	return f.Patient, nil
}

// Transitions implements Trail. They are numbered without gaps, and the oldest leave first.
func (s *stream) Transitions(ctx context.Context, flag string, number uint64) (all []checks.Flag, err error) {
	for ; number > 0; number-- {
		if len(all) == mostSteps {
			return all, errMore
		}
		f, err := s.last(ctx, fmt.Sprintf("%s%s.%d", layout.SubjectAudit, flag, number))
		if err != nil || f == nil {
			return all, err
		}
		all = append(all, *f)
	}
	return all, nil
}

// last is the newest transition under a subject; nil when there is none.
func (s *stream) last(ctx context.Context, subject string) (*checks.Flag, error) {
	rls, err := s.find(ctx)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	m, err := rls.GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	f, err := issue.Unmarshal(m.Data)
	if err != nil {
		return nil, fmt.Errorf("stream %s: a transition cannot be read", layout.StreamRLS)
	}
	return &f, nil
}

// find looks for the stream once.
func (s *stream) find(ctx context.Context) (_ jetstream.Stream, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rls == nil {
		s.rls, err = s.js.Stream(ctx, layout.StreamRLS)
	}
	return s.rls, err
}
