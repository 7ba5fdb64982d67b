package consumers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/fhir"
)

// healEvery is how often patients are looked at whose state may not know all; by then the instance that wrote it has mostly mended it itself.
const healEvery = 3 * time.Second

// commitEvents decides about events in batches: whatever came while the last batch was committed makes up the next one.
func (s *session) commitEvents(ctx context.Context) error {
	heal := time.NewTicker(healEvery)
	defer heal.Stop()
	for {
		select {
		case <-ctx.Done():
			s.giveBack()
			return nil
		case <-heal.C:
			if err := s.heal(ctx, chunk); err != nil {
				return err
			}
		case ev := <-s.events:
			if err := s.batch(s.gather(ev)); err != nil {
				return err
			}
		}
	}
}

// linger is how long a batch waits for inputs that the server is known to have: a commit costs as much again, however small.
const linger = 5 * time.Millisecond

// gather takes what is there, up to a batch.
func (s *session) gather(first event) []event {
	batch := []event{first}
	resources, last := first.weight(), first
	for len(batch) < s.cfg.Batch && resources < 4*s.cfg.Batch {
		select {
		case last = <-s.events:
		default:
			if last.pending == 0 {
				return batch
			}
			t := time.NewTimer(linger)
			select {
			case last = <-s.events:
				t.Stop()
			case <-t.C:
				return batch
			}
		}
		batch = append(batch, last)
		resources += last.weight()
	}
	return batch
}

func (e *event) weight() int {
	if e.input == nil {
		return 1
	}
	return len(e.input.Resources)
}

// giveBack lets another instance have what was taken but not begun.
func (s *session) giveBack() {
	for {
		select {
		case ev := <-s.events:
			_ = ev.msg.Nak() // what does not arrive comes again after AckWait
			s.held.drop([]event{ev})
		default:
			return
		}
	}
}

// batch commits what a batch of events changes, and acknowledges them. After an error none is: they come again, find what
// was committed, and change nothing more.
func (s *session) batch(batch []event) error {
	ctx := s.work
	defer s.held.drop(batch)
	var inputs []Input
	var from []event
	var due []token
	for _, ev := range batch {
		if ev.input == nil {
			due = append(due, ev.due)
			continue
		}
		inputs, from = append(inputs, *ev.input), append(from, ev)
	}
	if len(inputs) > 0 {
		began := time.Now()
		results, err := s.decide(ctx, inputs)
		if err != nil {
			return err
		}
		if err := s.bury(ctx, from, results); err != nil {
			return err
		}
		s.health.batch(len(inputs), time.Since(began), results)
	}
	if err := s.reevaluate(ctx, due); err != nil {
		return err
	}
	for _, ev := range batch {
		if err := ev.msg.Ack(); err != nil {
			s.log.Warn().Err(err).Uint64("sequence", ev.seq).Msg("acknowledgement failed, the input will come again")
		}
	}
	return nil
}

// decide folds inputs, commits, and heals whom a changed Medication left for later.
func (s *session) decide(ctx context.Context, inputs []Input) ([]Result, error) {
	var results []Result
	var later []checks.Ref
	err := s.commit(ctx, func(view *snapshot) Commit {
		c, r := s.cfg.Engine.Step(view, inputs, s.asOf())
		if results == nil { // what a second attempt finds known was news
			results = r
		}
		later = append(later, c.Later...)
		return c
	})
	switch {
	case errors.Is(err, errPoison) && len(inputs) == 1:
		s.log.Error().Err(err).Uint64("sequence", inputs[0].Arrival.Sequence).Msg("input cannot be committed")
		return rejectAll(inputs), nil
	case errors.Is(err, errConflict) && len(inputs) == 1:
		return s.decide(ctx, inputs)
	case errors.Is(err, errPoison), errors.Is(err, errConflict):
		return s.halve(ctx, inputs)
	case err != nil:
		return nil, err
	}
	for len(later) > 0 {
		n := min(chunk, len(later))
		if err := s.healPatients(ctx, later[:n]); err != nil {
			return nil, err
		}
		later = later[n:]
	}
	return results, nil
}

// halve decides about two halves: conflicts get rarer, and an input that cannot be committed is found.
func (s *session) halve(ctx context.Context, inputs []Input) ([]Result, error) {
	mid := (len(inputs) + 1) / 2
	first, err := s.decide(ctx, inputs[:mid])
	if err != nil || mid == len(inputs) {
		return first, err
	}
	second, err := s.decide(ctx, inputs[mid:])
	for i := range second {
		second[i].Input += mid
	}
	return append(first, second...), err
}

// rejectAll rejects inputs whose changes no message can hold.
func rejectAll(inputs []Input) []Result {
	var results []Result
	for i := range inputs {
		results = append(results, Result{Input: i, Outcome: Rejected, Reason: fhir.TooLarge, Detail: "what it changes does not fit into the state of its patient"})
	}
	return results
}

// commit steps and writes until what the step saw is still so when it is written.
func (s *session) commit(ctx context.Context, step func(*snapshot) Commit) error {
	wait := newBackoff()
	for refused := 0; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		view := s.copy.snapshot()
		c, err := safely(view, step)
		if err != nil {
			return err
		}
		p, err := s.write(ctx, &c, view)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errConflict):
			s.health.conflict()
			if refused++; refused > 2 {
				return err
			}
		case errors.Is(err, errUnknown):
			s.log.Warn().Err(err).Msg("commit without an answer, reading back")
			s.health.writing(false)
			wait.sleep(ctx)
		default:
			return err
		}
		if err := s.readBack(ctx, p, wait); err != nil {
			return err
		}
	}
}

// safely runs a step. A panic in it is an input that nobody foresaw: it must not stop the others.
func safely(view *snapshot, step func(*snapshot) Commit) (c Commit, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: evaluation failed: %T", errPoison, p) // the value may hold a payload
		}
	}()
	c = step(view)
	if view.err != nil {
		return c, fmt.Errorf("%w: %w", errState, view.err)
	}
	return c, nil
}

// write commits piece by piece; the piece that failed comes back with the error.
func (s *session) write(ctx context.Context, c *Commit, view *snapshot) (*piece, error) {
	pieces, err := s.store.pieces(c, view, time.Now())
	if err != nil {
		return nil, err
	}
	for _, p := range pieces {
		began := time.Now()
		if err := s.store.commit(ctx, p); err != nil {
			return p, err
		}
		if p.size() > 0 {
			s.health.committed(p.size(), time.Since(began))
		}
	}
	return nil, nil
}

// readBack learns what is stored, however long the server is away.
func (s *session) readBack(ctx context.Context, p *piece, wait *backoff) error {
	for {
		err := s.unreplaced(ctx)
		if err == nil {
			err = s.store.readBack(ctx, p)
		}
		switch {
		case err == nil:
			s.health.writing(true)
			return nil
		case errors.Is(err, errReplaced), errors.Is(err, errState), ctx.Err() != nil:
			return err
		}
		s.log.Warn().Err(err).Msg("reading back failed, trying again")
		wait.sleep(ctx)
	}
}
