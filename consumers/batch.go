package consumers

import (
	"context"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
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
			s.nakPending()
			return err
		case <-heal.C:
			if err = s.Finish(s.work); err == nil {
				err = s.HealSome(ctx, commit.Chunk)
			}
		case w := <-s.answer():
			err = s.answered(w)
		case ev := <-s.events:
			err = s.takeBatch(ev)
		case <-s.reaching():
			err = s.ReachSome(s.work)
		}
		if err != nil {
			return err
		}
	}
}

// answer is where the answer to the commit that is on its way will come; it never comes when there is none.
func (s *session) answer() <-chan jet.Written {
	if s.Flight == nil {
		return nil
	}
	return s.Flight.Answer
}

// reaching is ready as long as there are patients whom a commit has left for later: they take turns with what comes in.
func (s *session) reaching() <-chan struct{} {
	if !s.Reaching() {
		return nil
	}
	return always
}

var always = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (s *session) answered(w jet.Written) error {
	s.Flight.Written = &w
	return s.Finish(s.work)
}

func (s *session) takeBatch(first commit.Event) error {
	batch, err := s.gather(first)
	if err != nil {
		return err
	}
	if err := s.Begin(s.work, s.withoutTimersIfSkewed(batch)); err != nil {
		return err
	}
	s.resizeBatch(batch)
	return nil
}

const (
	// goodCommit is the size of a commit, in messages, that an appetite aims at: near the most that the server takes at once, which costs little more
	// than one message, and with some room, since what goes over into a second commit is not overlapped.
	goodCommit = 800
	// mostAppetite is how many times Config.Batch is taken at once where little of it changes anything.
	mostBatches = 3
)

// adapt makes the next batch such that its commit is a good one, going by what a full batch of inputs has led to. One with timers says
// nothing: what they lead to is committed by itself.
func (s *session) resizeBatch(batch []commit.Event) {
	n := len(batch)
	if n < s.batchTarget || slices.ContainsFunc(batch, func(ev commit.Event) bool { return ev.Input == nil }) {
		return
	}
	if s.Flight == nil { // more than one commit
		s.batchTarget = max(s.batchTarget/2, 1)
		return
	}
	s.batchTarget = max(1, min(n*goodCommit/max(s.Flight.Piece.Size(), 1), 2*s.batchTarget, mostBatches*s.cfg.Batch))
}

// linger is how long a batch waits for inputs that the server is known to have: a commit costs as much again, however small.
const linger = 5 * time.Millisecond

// gather takes what is there, up to a batch. As long as a commit is on its way there is time for more.
func (s *session) gather(first commit.Event) ([]commit.Event, error) {
	batch := []commit.Event{first}
	resources, last := first.Weight(), first
	for len(batch) < s.batchTarget && resources < 4*s.batchTarget {
		if s.Flight != nil {
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
				if last.Pending == 0 || !s.lingered(&last) {
					return batch, nil
				}
			}
		}
		batch = append(batch, last)
		resources += last.Weight()
	}
	return batch, nil
}

// lingered waits a moment for the next event.
func (s *session) lingered(next *commit.Event) bool {
	t := time.NewTimer(linger)
	defer t.Stop()
	select {
	case *next = <-s.events:
		return true
	case <-t.C:
		return false
	}
}

// giveBack lets another instance have what was taken but not begun.
func (s *session) nakPending() {
	for {
		select {
		case ev := <-s.events:
			_ = ev.Msg.Nak() // what does not arrive comes again after AckWait
			s.unacked.drop([]commit.Event{ev})
		default:
			return
		}
	}
}
