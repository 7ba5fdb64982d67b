package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

const (
	// piece is how many entries one round looks at.
	piece = 5000
	// skew is how far two servers' clocks may be apart.
	skew = time.Minute
)

// Pruner takes out of RLS what RLS_AUDIT holds. Its methods are for one goroutine.
type Pruner struct {
	js   jetstream.JetStream
	next uint64 // of RLS_AUDIT: copies of what is left in RLS come from here on; 0 is not known
}

// NewPruner makes one that has seen nothing yet. js has to reach the account of RLS.
func NewPruner(js jetstream.JetStream) *Pruner { return &Pruner{js: js} }

// Round is what one round found and did.
type Round struct {
	// More: there may be more to purge at once.
	More bool
	// PassedOver: copying went on without the first entry that is left.
	PassedOver bool
	// First is that entry's sequence in RLS; 0 when none is left.
	First uint64
}

// Round purges one piece. Where anything is in doubt, nothing is purged.
func (p *Pruner) Round(ctx context.Context) (Round, error) {
	entries, err := p.entries(ctx, 1)
	if err != nil || len(entries) == 0 {
		return Round{}, err
	}
	copies, now, err := p.copies(ctx, entries)
	if err != nil {
		return Round{}, err
	}
	v := Judge(entries, copies, now)
	r := Round{More: v.Purge == piece, PassedOver: v.PassedOver}
	if v.Purge < len(entries) {
		r.First = entries[v.Purge].Committed
	}
	if v.Purge == 0 {
		return r, nil
	}
	last := &entries[v.Purge-1]
	if err := p.purge(ctx, layout.SubjectAudit+">", last.Committed); err != nil {
		return Round{}, err
	}
	for i := range copies {
		if copies[i].Sum() == last.Sum() {
			p.next = copies[i].Copied + 1
		}
	}
	return r, nil
}

// entries are the first ones that RLS has from a sequence on.
func (p *Pruner) entries(ctx context.Context, from uint64) ([]Entry, error) {
	var found []Entry
	cfg := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{layout.SubjectAudit + ">"}, HeadersOnly: true,
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from,
	}
	err := each(ctx, p.js, layout.StreamRLS, cfg, func(e Entry) error {
		if found = append(found, e); len(found) == piece {
			return jet.ErrEnough
		}
		return nil
	})
	return found, jet.UnlessEnough(err)
}

// copies are those that may be of entries, and the server's time before they were read.
func (p *Pruner) copies(ctx context.Context, entries []Entry) ([]Entry, time.Time, error) {
	rls, err := p.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	stream, err := p.js.Stream(ctx, layout.StreamAudit)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("stream %s: %w", layout.StreamAudit, err)
	}
	wanted := make(map[uint64]struct{}, len(entries))
	for i := range entries {
		wanted[entries[i].Sum()] = struct{}{}
	}
	since := entries[0].Stored.Add(-skew)
	cfg := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{layout.SubjectAudit + ">"}, HeadersOnly: true,
		DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since,
	}
	if p.next > 0 {
		cfg.DeliverPolicy, cfg.OptStartTime = jetstream.DeliverByStartSequencePolicy, nil
		cfg.OptStartSeq = p.next
	}
	var found []Entry
	err = each(ctx, p.js, layout.StreamAudit, cfg, func(e Entry) error {
		if e.Stored.Before(rls.CachedInfo().Created) { // of an earlier RLS
			return nil
		}
		found = append(found, e)
		if delete(wanted, e.Sum()); len(wanted) == 0 {
			return jet.ErrEnough
		}
		return nil
	})
	info := stream.CachedInfo()
	return found, info.TimeStamp, jet.UnlessEnough(err)
}

// purge removes entries of RLS up to a sequence.
func (p *Pruner) purge(ctx context.Context, subject string, upTo uint64) error {
	stream, err := p.js.Stream(ctx, layout.StreamRLS)
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(upTo+1))
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	return nil
}

// CopyAgain lets the server copy what it passed over. Entries whose copy is there are purged first,
// each for itself, so that none is copied twice.
func (p *Pruner) CopyAgain(ctx context.Context) error {
	p.next = 0
	for from := uint64(1); ; {
		entries, err := p.entries(ctx, from)
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			if err := p.purgeHeld(ctx, entries); err != nil {
				return err
			}
			from = entries[len(entries)-1].Committed + 1
		}
		if len(entries) < piece {
			return jet.CopyAuditAgain(ctx, p.js)
		}
	}
}

// lookAgain is when a server has found out by itself that RLS was made anew.
const lookAgain = 10 * time.Second

// Mend lets the server copy again what it passed over, if it did; for setup, by a user who may change
// streams. It tells whether there was something.
func Mend(ctx context.Context, js jetstream.JetStream) (bool, error) {
	p := NewPruner(js)
	first, err := p.Round(ctx)
	if err != nil || !first.PassedOver {
		return false, err
	}
	jet.Sleep(ctx, lookAgain)
	second, err := p.Round(ctx)
	if err != nil || !second.PassedOver || second.First != first.First {
		return false, err
	}
	return true, p.CopyAgain(ctx)
}

func (p *Pruner) purgeHeld(ctx context.Context, entries []Entry) error {
	copies, now, err := p.copies(ctx, entries)
	if err != nil {
		return err
	}
	for i := range entries {
		if Judge(entries[i:i+1], copies, now.Add(KeepBoth)).Purge == 0 {
			continue
		}
		if err := p.purge(ctx, entries[i].Subject, entries[i].Committed); err != nil {
			return err
		}
	}
	return nil
}
