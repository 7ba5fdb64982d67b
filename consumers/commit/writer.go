package commit

import (
	"cmp"
	"context"
	"strconv"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// writer turns commits into messages, stores them, and updates the working copy.
type writer struct {
	to     jet.Store
	copy   *WorkingCopy
	timers map[layout.Token]int64 // those set by this process, Unix seconds
	frozen bool                   // no timers
	most   int                    // messages per batch
	by     string                 // this writer's name in its tallies
	slot   string                 // of its tallies; "" before the first
}

// piece is the content of one batch.
type piece struct {
	msgs  []*nats.Msg // everything except the states
	tally *layout.Tally
	rows  []stateRow // their messages come last
	timer map[layout.Token]int64
	view  *snapshot // seen by the step
}

// size is how many messages it takes; one more, the tally, if it has states.
func (p *piece) size() int { return p.before() + len(p.rows) }

// before is how many messages precede those of states.
func (p *piece) before() int { return len(p.msgs) + min(len(p.rows), 1) }

// add adds q.
func (p *piece) add(q piece) {
	p.msgs, p.rows = append(p.msgs, q.msgs...), append(p.rows, q.rows...)
	for tok, at := range q.timer {
		if p.timer == nil {
			p.timer = map[layout.Token]int64{}
		}
		p.timer[tok] = at
	}
}

// messages are the batch in order, signed: the tally first, then transitions, and states last, so
// that a batch cut short by a damaged disk repeats transitions and never swallows them.
func (w *writer) messages(p *piece) []*nats.Msg {
	msgs := make([]*nats.Msg, p.before(), p.size())
	copy(msgs[p.before()-len(p.msgs):], p.msgs)
	for _, m := range p.msgs {
		w.copy.signer.Sign(m, 0)
	}
	for i := range p.rows {
		msgs = append(msgs, w.stateMessage(&p.rows[i]))
	}
	if len(p.rows) > 0 {
		p.tally = w.nextTally(p)
		msgs[0] = p.tally.Message(w.slot)
		w.copy.signer.Sign(msgs[0], p.tally.Seq)
	}
	return msgs
}

func (w *writer) stateMessage(r *stateRow) *nats.Msg {
	if r.after != nil { // stored by now
		r.was, r.left, r.wasSum, r.after = r.after.seq, false, r.after.sum, nil
	}
	m := &nats.Msg{Subject: r.subject(), Data: r.data,
		Header: nats.Header{layout.HeaderExpect: {strconv.FormatUint(r.expect(), 10)}}}
	if r.data == nil {
		m = layout.ErasureMessage(m.Subject, r.expect(), nil)
	}
	if r.sum = w.copy.signer.Sign(m, r.was); r.data == nil {
		r.sum = layout.Sum{}
	}
	return m
}

// commit writes one piece whole or not at all, and adds it to the working copy.
func (w *writer) commit(ctx context.Context, p *piece) error { return w.land(p, <-w.send(ctx, p)) }

// send sends one piece.
func (w *writer) send(ctx context.Context, p *piece) <-chan jet.Written {
	if p.size() == 0 {
		nothing := make(chan jet.Written, 1)
		nothing <- jet.Written{}
		return nothing
	}
	for tok, at := range p.timer {
		w.timers[tok] = at
	}
	w.copy.send(p.rows)
	return w.to.Send(ctx, w.messages(p))
}

// land adds a stored piece to the working copy, and takes in what others stored meanwhile.
func (w *writer) land(p *piece, written jet.Written) error {
	if written.Err != nil {
		for tok := range p.timer {
			delete(w.timers, tok)
		}
		return cmp.Or(w.copy.takePostponed(p.rows), written.Err)
	}
	for i := range p.rows {
		r := &p.rows[i]
		r.seq = written.First + uint64(p.before()+i)
		w.copy.apply(r, r.seq, p.view)
	}
	if p.tally != nil {
		p.tally.Seq, p.tally.Gone = written.First, false
		w.copy.applyTally(w.slot, p.tally)
	}
	return w.copy.takePostponed(p.rows)
}

// readBack updates the rows of p in the working copy from the stream.
func (w *writer) readBack(ctx context.Context, p *piece) error {
	subjects := make([]string, len(p.rows), len(p.rows)+1)
	for i := range p.rows {
		subjects[i] = p.rows[i].subject()
	}
	if p.tally != nil {
		subjects = append(subjects, layout.SubjectTally+w.slot)
	}
	found, err := w.to.Last(ctx, subjects)
	if err != nil {
		return err
	}
	for i, m := range found {
		switch {
		case m.Sequence > 0:
			_, err = w.copy.takeState(subjects[i], m, codec.Decode)
		case i == len(p.rows):
			w.copy.forgetTally(w.slot)
		case p.rows[i].kind != layout.SubjectSite:
			w.copy.forget(&p.rows[i])
		}
		if err != nil {
			return err
		}
	}
	if !w.copy.anyForeign(subjects) {
		return nil
	}
	if err := w.readTallies(ctx); err != nil {
		return err
	}
	for _, subject := range subjects {
		if err := w.copy.admit(subject); err != nil {
			return err
		}
	}
	return nil
}

// readTallies updates the tallies in the working copy from the stream. A foreign message read ahead
// of its turn may replace a state by another instance that this one never saw: only the tally of
// that write still reveals it.
func (w *writer) readTallies(ctx context.Context) error {
	subjects := make([]string, len(slots))
	for i, slot := range slots {
		subjects[i] = layout.SubjectTally + slot
	}
	found, err := w.to.Last(ctx, subjects)
	if err != nil {
		return err
	}
	for i, m := range found {
		if m.Sequence == 0 {
			continue
		}
		if err := w.copy.takeTally(slots[i], m); err != nil {
			return err
		}
	}
	return nil
}
