package commit

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// nextTally is the tally for a piece whose states are signed, in this writer's slot.
func (w *writer) nextTally(p *piece) *layout.Tally {
	t := w.ownTally()
	t.N++
	t.By, t.Size, t.Changes = w.by, uint32(p.size()), make([]layout.Change, 0, len(p.rows))
	for i := range p.rows {
		r := &p.rows[i]
		if r.kind == layout.SubjectSite {
			t.Site = t.Site.Plus(r.sum).Minus(r.wasSum)
		} else {
			t.States = t.States.Plus(r.sum).Minus(r.wasSum)
		}
		if r.data != nil {
			change := layout.Change{Kind: layout.KindOf(r.kind), Token: r.token, Sum: r.sum, New: r.was == 0 || r.left}
			t.Changes = append(t.Changes, change)
		}
	}
	return &t
}

// ownTally is the newest in this writer's slot. If another now writes there, it is the slot unused
// for the longest time.
func (w *writer) ownTally() layout.Tally {
	c := w.copy
	c.mu.RLock()
	defer c.mu.RUnlock()
	seq := func(slot string) uint64 {
		if t := c.tallies[slot]; t != nil {
			return t.Seq
		}
		return 0
	}
	if t := c.tallies[w.slot]; w.slot == "" || t != nil && t.By != w.by {
		w.slot = slices.MinFunc(slots, func(a, b string) int { return cmp.Compare(seq(a), seq(b)) })
	}
	var t layout.Tally
	if have := c.tallies[w.slot]; have != nil {
		t = *have
	}
	t.Unsigned, t.Anew = c.unsigned, max(t.Anew, c.anew)
	return t
}

// beside is another writer, for use beside the loop that commits.
func (c *Committer) beside() *writer {
	w := *c.store
	w.timers, w.slot, w.by = map[layout.Token]int64{}, "", c.store.by+"+"
	return &w
}

// WriteSite stores the record of the site over the one with the sequence expect, and returns its
// sequence. It may run beside the other methods.
func (c *Committer) WriteSite(ctx context.Context, record layout.SiteRecord, expect uint64) (uint64, error) {
	return c.beside().writeSite(ctx, record, expect)
}

func (w *writer) writeSite(ctx context.Context, record layout.SiteRecord, expect uint64) (uint64, error) {
	data, err := record.Encode()
	if err != nil {
		return 0, err
	}
	if err := w.readSite(ctx, expect); err != nil {
		return 0, err
	}
	w.copy.mu.RLock()
	row := stateRow{kind: layout.SubjectSite, data: data, was: expect, wasSum: w.copy.site.sum}
	if expect == 0 {
		row.was, row.left = w.copy.site.seq, true
	}
	w.copy.mu.RUnlock()
	p := &piece{rows: []stateRow{row}}
	err = w.commit(ctx, p)
	return p.rows[0].seq, err
}

// readSite ensures that the record to be replaced is known.
func (w *writer) readSite(ctx context.Context, expect uint64) error {
	known := func() bool {
		w.copy.mu.RLock()
		defer w.copy.mu.RUnlock()
		return w.copy.site.seq == expect
	}
	if expect == 0 || known() {
		return nil
	}
	found, err := w.to.Last(ctx, []string{layout.SubjectSite})
	if err == nil && found[0].Sequence > 0 {
		err = w.copy.takeSite(found[0])
	}
	if err == nil {
		err = w.copy.admit(layout.SubjectSite)
	}
	if err == nil && !known() {
		err = jet.ErrConflict
	}
	return err
}

// storeTally stores the known tally of a slot, reduced by over.
func (w *writer) storeTally(ctx context.Context, slot string, over layout.Tally) error {
	c := w.copy
	c.mu.RLock()
	t := *c.tallies[slot]
	c.mu.RUnlock()
	t.States, t.Site = t.States.Minus(over.States), t.Site.Minus(over.Site)
	t.Anew = max(t.Anew, over.Anew)
	t.Size, t.Changes = 0, nil
	t.N++
	m := t.Message(slot)
	c.signer.Sign(m, t.Seq)
	written := <-w.to.Send(ctx, []*nats.Msg{m})
	if written.Err != nil {
		return written.Err
	}
	t.Seq, t.Gone = written.First, false
	c.applyTally(slot, &t)
	return nil
}

// Settle starts from the states that were read: it corrects the tallies of batches cut short, and
// signs states of an earlier version. If the states lack something, which the caller has dealt
// with, the tallies start afresh with what is there. It is the first thing a Committer writes.
func (c *Committer) Settle(ctx context.Context) error {
	if over, lacks := c.copy.Correction(); lacks {
		c.copy.mu.Lock()
		c.copy.anew = over.Anew
		c.copy.mu.Unlock()
		c.store.ownTally()
		c.copy.mu.Lock()
		if c.copy.tallies[c.store.slot] == nil {
			c.copy.tallies[c.store.slot] = &layout.Tally{By: c.store.by}
		}
		c.copy.mu.Unlock()
		if err := c.store.storeTally(ctx, c.store.slot, over); err != nil {
			return err
		}
		c.copy.weigh()
	}
	c.copy.mu.RLock()
	cut := maps.Clone(c.copy.cutShort)
	c.copy.mu.RUnlock()
	for _, slot := range slices.Sorted(maps.Keys(cut)) {
		c.log.Error().Uint32("states", cut[slot].Size).Msg("a commit was cut short: its inputs are delivered again")
		if err := c.store.storeTally(ctx, slot, cut[slot]); err != nil {
			return err
		}
	}
	return c.signUnsigned(ctx)
}

// signUnsigned signs what an earlier version stored.
func (c *Committer) signUnsigned(ctx context.Context) error {
	for _, kind := range layout.StateKinds {
		for part := range slices.Chunk(c.copy.unsignedOf(kind), chunk) {
			if err := c.rewrite(ctx, kind, part); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *WorkingCopy) unsignedOf(kind string) (tokens []layout.Token) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i := range c.table(kind).rows {
		if r := &c.table(kind).rows[i]; r.at.size > 0 && r.sum == (layout.Sum{}) {
			tokens = append(tokens, r.token)
		}
	}
	return tokens
}

// rewrite stores known states over what is in their place; a marker if none is known.
func (c *Committer) rewrite(ctx context.Context, kind string, tokens []layout.Token) error {
	p := &piece{view: c.copy.snapshot()}
	for _, tok := range tokens {
		if err := c.copy.admit(kind + tok.String()); err != nil {
			return err
		}
		seen := c.copy.lookUp(kind, tok)
		row := stateRow{kind: kind, data: seen.data, state: &checks.State{}}
		if row.data != nil {
			var err error
			if row.state, err = codec.Decode(row.data); err != nil {
				return err
			}
			if kind != layout.SubjectPatient && len(row.state.Facts) == 1 {
				row.ref = row.state.Facts[0].Ref
			}
		}
		p.rows = append(p.rows, row.replaces(seen.seenRow))
	}
	return c.store.commit(ctx, p)
}
