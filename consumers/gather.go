package consumers

import (
	"context"
	"slices"
	"time"
)

// healEvery is how often patients are looked at whose state may not know all; by then the instance that wrote it has mostly mended it itself.
const healEvery = 3 * time.Second

// commitEvents decides about events in batches: whatever came while the last batch was committed makes up the next one.
func (s *session) commitEvents(ctx context.Context) error {
	heal := time.NewTicker(healEvery)
	defer heal.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			err = s.Finish(s.work)
			s.giveBack()
			return err
		case <-heal.C:
			if err = s.Finish(s.work); err == nil {
				err = s.heal(ctx, chunk)
			}
		case w := <-s.answer():
			err = s.answered(w)
		case ev := <-s.events:
			err = s.takeBatch(ev)
		}
		if err != nil {
			return err
		}
	}
}

// answer is where the answer to the commit that is on its way will come; it never comes when there is none.
func (s *session) answer() <-chan Written {
	if s.flight == nil {
		return nil
	}
	return s.flight.answer
}

func (s *session) answered(w Written) error {
	s.flight.written = &w
	return s.Finish(s.work)
}

func (s *session) takeBatch(first event) error {
	batch, err := s.gather(first)
	if err != nil {
		return err
	}
	if err := s.begin(s.work, s.timely(batch)); err != nil {
		return err
	}
	s.adapt(batch)
	return nil
}

const (
	// goodCommit is the size of a commit, in messages, that an appetite aims at: near the most that the server takes at once, which costs little more
	// than one message, and with some room, since what goes over into a second commit is not overlapped.
	goodCommit = 800
	// mostAppetite is how many times Config.Batch is taken at once where little of it changes anything.
	mostAppetite = 3
)

// adapt makes the next batch such that its commit is a good one, going by what a full batch of inputs has led to. One with timers says
// nothing: what they lead to is committed by itself.
func (s *session) adapt(batch []event) {
	n := len(batch)
	if n < s.appetite || slices.ContainsFunc(batch, func(ev event) bool { return ev.input == nil }) {
		return
	}
	if s.flight == nil { // more than one commit
		s.appetite = max(s.appetite/2, 1)
		return
	}
	s.appetite = max(1, min(n*goodCommit/max(s.flight.piece.size(), 1), 2*s.appetite, mostAppetite*s.cfg.Batch))
}

// linger is how long a batch waits for inputs that the server is known to have: a commit costs as much again, however small.
const linger = 5 * time.Millisecond

// gather takes what is there, up to a batch. As long as a commit is on its way there is time for more.
func (s *session) gather(first event) ([]event, error) {
	batch := []event{first}
	resources, last := first.weight(), first
	for len(batch) < s.appetite && resources < 4*s.appetite {
		if s.flight != nil {
			select {
			case last = <-s.events:
			case w := <-s.answer():
				if err := s.answered(w); err != nil {
					return nil, err
				}
				continue
			}
		} else {
			select {
			case last = <-s.events:
			default:
				if last.pending == 0 || !s.lingered(&last) {
					return batch, nil
				}
			}
		}
		batch = append(batch, last)
		resources += last.weight()
	}
	return batch, nil
}

// lingered waits a moment for the next event.
func (s *session) lingered(next *event) bool {
	t := time.NewTimer(linger)
	defer t.Stop()
	select {
	case *next = <-s.events:
		return true
	case <-t.C:
		return false
	}
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
