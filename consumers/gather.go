package consumers

import (
	"context"
	"time"
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
			if err := s.commitHeld(s.gather(ev)); err != nil {
				return err
			}
		}
	}
}

// commitHeld commits events that are held, and lets go of them.
func (s *session) commitHeld(batch []event) error {
	defer s.held.drop(batch)
	return s.batch(s.work, s.timely(batch))
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
