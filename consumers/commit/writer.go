package commit

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// writer turns commits into messages, stores them, and keeps the working copy up.
type writer struct {
	to     jet.Store
	copy   *WorkingCopy
	audit  time.Duration
	timers map[layout.Token]int64 // those set by this process, Unix seconds
	frozen bool                   // no timers
	most   int                    // messages of one batch
}

// piece is what goes into one batch.
type piece struct {
	msgs  []*nats.Msg // all but the states
	rows  []stateRow  // their messages come last
	timer map[layout.Token]int64
	view  *snapshot // that the step saw
}

func (p *piece) size() int { return len(p.msgs) + len(p.rows) }

// add takes q in.
func (p *piece) add(q piece) {
	p.msgs, p.rows = append(p.msgs, q.msgs...), append(p.rows, q.rows...)
	for tok, at := range q.timer {
		if p.timer == nil {
			p.timer = map[layout.Token]int64{}
		}
		p.timer[tok] = at
	}
}

// messages are the batch in its order: transitions first, states last, so that a batch that a
// damaged disk cuts short repeats transitions and never swallows them.
func (w *writer) messages(p *piece) []*nats.Msg {
	msgs := p.msgs
	for i := range p.rows {
		r := &p.rows[i]
		if r.after != nil { // which is stored by now
			r.expect, r.after = r.after.seq, nil
		}
		msgs = append(
			msgs,
			&nats.Msg{
				Subject: r.subject(),
				Data:    r.data,
				Header:  nats.Header{layout.HeaderExpect: {strconv.FormatUint(r.expect, 10)}},
			},
		)
	}
	return msgs
}

// commit writes one piece whole or not at all, and makes it part of the working copy.
func (w *writer) commit(ctx context.Context, p *piece) error { return w.land(p, <-w.send(ctx, p)) }

// send sends one piece on its way.
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

// land makes a piece part of the working copy, where it was stored, and takes in what others stored
// meanwhile.
func (w *writer) land(p *piece, written jet.Written) error {
	if written.Err != nil {
		for tok := range p.timer {
			delete(w.timers, tok)
		}
		return cmp.Or(w.copy.takePostponed(p.rows), written.Err)
	}
	for i := range p.rows {
		r := &p.rows[i]
		r.seq = written.First + uint64(len(p.msgs)+i)
		w.copy.apply(r, r.seq, p.view)
	}
	return w.copy.takePostponed(p.rows)
}

// readBack brings the rows of p in the working copy to what the stream has.
func (w *writer) readBack(ctx context.Context, p *piece) error {
	subjects := make([]string, len(p.rows))
	for i := range p.rows {
		subjects[i] = p.rows[i].subject()
	}
	found, err := w.to.Last(ctx, subjects)
	if err != nil {
		return err
	}
	for i := range p.rows {
		if found[i].Sequence == 0 {
			w.copy.forget(&p.rows[i])
			continue
		}
		if _, err := w.copy.takeState(subjects[i], found[i].Sequence, found[i].Data, codec.Decode); err != nil {
			return err
		}
	}
	return nil
}
