package publish

import (
	"context"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Origin is where a document that is published was read.
type Origin struct {
	Source string
	Line   int
}

// origins are sequences of messages with their origins. Lines of one file that went one after the
// other are one span.
type origins struct{ spans []span }

type span struct {
	first uint64
	count int
	from  Origin // of the first
}

// Add notes a message. Sequences grow.
func (p *origins) add(seq uint64, from Origin) {
	if n := len(p.spans); n > 0 {
		s := &p.spans[n-1]
		if seq == s.first+uint64(s.count) && from == (Origin{s.from.Source, s.from.Line + s.count}) {
			s.count++
			return
		}
	}
	p.spans = append(p.spans, span{first: seq, count: 1, from: from})
}

// Last is the greatest sequence; 0 when there is none.
func (p *origins) last() uint64 {
	if len(p.spans) == 0 {
		return 0
	}
	s := p.spans[len(p.spans)-1]
	return s.first + uint64(s.count) - 1
}

// Find is the origin of a message; false when it is not one of these.
func (p *origins) find(seq uint64) (Origin, bool) {
	i, found := slices.BinarySearchFunc(p.spans, seq, func(s span, seq uint64) int {
		switch {
		case seq < s.first:
			return 1
		case seq >= s.first+uint64(s.count):
			return -1
		}
		return 0
	})
	if !found {
		return Origin{}, false
	}
	s := p.spans[i]
	return Origin{s.from.Source, s.from.Line + int(seq-s.first)}, true
}

// Wait returns when everything that was published has been decided, and the flags are where Watch
// reads them.
func (p *Publisher) Wait(ctx context.Context, w jet.WaitOptions) error {
	if _, err := p.Flush(ctx); err != nil {
		return err
	}
	if err := jet.WaitDecided(ctx, p.js, p.stored.last(), w); err != nil {
		return err
	}
	return jet.WaitCopied(ctx, p.js)
}

// Rejected calls do with every rejection of what was published, once it has been decided.
// Operators, who may read dead letters, are told all of them; producers, who are of another
// account, reason and place, without a Number. Where neither is answered the error is
// context.DeadlineExceeded or one of the server.
func (p *Publisher) Rejected(ctx context.Context, do func(Origin, layout.DeadLetter) error) error {
	if _, err := p.Flush(ctx); err != nil || len(p.stored.spans) == 0 {
		return err
	}
	since := p.since.Add(-time.Minute) // the servers of a cluster have a clock each
	ours := func(l layout.DeadLetter) error {
		if from, ours := p.stored.find(l.Input); ours && l.Epoch == p.epoch {
			return do(from, l)
		}
		return nil
	}
	if !jet.DomainOf(p.js).Outside() {
		cfg := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since}
		err := jet.DeadLetters(ctx, p.js, cfg, "", ours)
		if err == nil || !jet.Silent(err) {
			return err
		}
	}
	told := map[layout.Rejection]bool{} // one that was decided twice may be there twice
	return jet.Rejections(ctx, p.js, since, func(r layout.Rejection) error {
		if told[r] {
			return nil
		}
		told[r] = true
		return ours(layout.DeadLetter{Reason: r.Reason, Pointer: r.Pointer, Input: r.Input, Epoch: r.Epoch})
	})
}
