package sim

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
)

// late is a batch whose answer was given up on and that is still on its way.
type late struct {
	msgs []*nats.Msg
	by   *instance
}

// Send implements consumers.Store. What becomes of the batch is known at once here, but whoever
// sent it learns it when he asks.
func (in *instance) Send(_ context.Context, msgs []*nats.Msg) <-chan jet.Written {
	first, err := in.write(msgs)
	answer := make(chan jet.Written, 1)
	answer <- jet.Written{First: first, Err: err}
	return answer
}

// write is all that can become of a batch.
func (in *instance) write(msgs []*nats.Msg) (uint64, error) {
	w := in.w
	msgs = w.mutate(msgs)
	in.pause()
	w.effects++
	fate := 100
	if w.faults > 0 {
		fate = w.rand.IntN(100)
	}
	if fate < 12 {
		w.faults--
	}
	if fate < 6 {
		w.tell(in, "gives up on", msgs)
	}
	switch {
	case fate < 4: // lost on its way
		if w.mutant == believesSilence {
			return uint64(len(w.server.log) + 1), nil
		}
		return 0, jet.ErrUnknown
	case fate < 6: // still on its way when it is given up
		w.late = append(w.late, late{msgs, in})
		return 0, jet.ErrUnknown
	}
	if err := w.server.check(msgs); err != nil {
		w.conflicts++
		w.tell(in, "is refused", msgs)
		return 0, err
	}
	// the power fails, and of the batch only the first messages are there afterwards
	if fate < 9 && w.damage && len(msgs) > 1 {
		w.tear(in, msgs)
		in.pause() // never comes back
	}
	first := w.server.store(in, msgs, len(msgs))
	w.tell(in, "stores", msgs)
	if fate < 12 { // the answer is lost
		in.pause()
		return 0, jet.ErrUnknown
	}
	in.pause()
	return w.misplaced(first, msgs), nil
}

// tear leaves a part of a batch behind, and nobody running.
func (w *world) tear(in *instance, msgs []*nats.Msg) {
	w.server.store(in, msgs, 1+w.rand.IntN(len(msgs)-1))
	w.torn++
	w.blackout = true
}

// arrive lets a batch that was given up come in after all, if it still fits.
func (w *world) arrive(i int) {
	msgs, by := w.late[i].msgs, w.late[i].by
	w.late = append(w.late[:i], w.late[i+1:]...)
	if w.server.check(msgs) == nil {
		w.server.store(by, msgs, len(msgs))
	}
}

// Last implements consumers.Store.
func (in *instance) Last(_ context.Context, subjects []string) ([]jet.Stored, error) {
	in.pause()
	w := in.w
	if w.faults > 0 && w.rand.IntN(20) == 0 {
		w.faults--
		return nil, fmt.Errorf("no answer")
	}
	found := make([]jet.Stored, len(subjects))
	for i, s := range subjects {
		if seq := w.server.last[s]; seq > 0 {
			found[i] = w.read(s, seq)
		}
	}
	in.pause()
	return found, nil
}

// reject notes the outcomes and writes dead letters, each under an id, so that one that is written
// twice is there once.
func (in *instance) reject(events []commit.Event, results []fold.Result) {
	w := in.w
	in.pause()
	w.outcome(events, results)
	for i := range results {
		r := &results[i]
		if r.Outcome == fold.Rejected {
			w.dead[fmt.Sprint(events[r.Input].Seq, "|", r.Pointer)]++
			in.pause()
		}
	}
}

// acknowledge is lost now and then, and then the message comes again.
func (w *world) acknowledge(in *instance, q *queue, i int) error {
	in.pause()
	if w.faults > 0 && w.rand.IntN(15) == 0 {
		w.faults--
		return fmt.Errorf("connection lost")
	}
	q.ack(i)
	return nil
}
