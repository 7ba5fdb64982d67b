package consumers

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
)

// healEvery is how often patients are looked at whose state may not know all; by then the instance
// that wrote it has mostly mended it itself.
const healEvery = 3 * time.Second

// commitEvents decides about events in batches: whatever came while the last batch was committed
// makes up the next one. What was begun is finished in the time of work.
func (s *session) commitEvents(ctx, work context.Context) error {
	heal := time.NewTicker(healEvery)
	defer heal.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			err = s.finish(work)
			s.nakPending()
			return err
		case <-heal.C:
			if err = s.finish(work); err == nil {
				err = s.replaceForeign(ctx)
			}
			if err == nil {
				err = s.setTimers(ctx)
			}
			if err == nil {
				err = s.committer.HealSome(ctx)
			}
		case w := <-s.committer.Pending():
			err = s.answered(work, w)
		case ev := <-s.events:
			err = s.takeBatch(work, ev)
		case <-s.reaching():
			err = s.reachSome(work)
		}
		if err != nil {
			return err
		}
	}
}

func (s *session) finish(work context.Context) error {
	decided, err := s.committer.Finish(work)
	return s.conclude(work, decided, err)
}

// reaching is ready as long as there are patients whom a commit has left for later: they take turns
// with what comes in.
func (s *session) reaching() <-chan struct{} {
	if !s.committer.Reaching() {
		return nil
	}
	return always
}

var always = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (s *session) reachSome(work context.Context) error {
	decided, err := s.committer.ReachSome(work)
	return s.conclude(work, decided, err)
}

func (s *session) answered(work context.Context, w jet.Written) error {
	decided, err := s.committer.Answer(work, w)
	return s.conclude(work, decided, err)
}

func (s *session) takeBatch(work context.Context, first commit.Event) error {
	batch, err := s.gather(work, first)
	if err != nil {
		return err
	}
	decided, err := s.committer.Begin(work, s.withoutTimersIfSkewed(batch))
	if err := s.conclude(work, decided, err); err != nil {
		return err
	}
	s.resizeBatch(batch)
	return nil
}

// conclude writes dead letters, counts outcomes and acknowledges what was committed, in this order;
// also where what came after it failed.
func (s *session) conclude(work context.Context, decided []commit.Decided, failed error) error {
	for i := range decided {
		d := &decided[i]
		if d.Events[0].Input != nil { // timers have no results
			if err := s.writeDeadLetters(work, d.Events, d.Results); err != nil {
				return cmp.Or(failed, err)
			}
			s.health.Batch(len(d.Events), s.now().Sub(d.Began), d.Results)
			for j := range d.Events {
				s.health.Decided(d.Events[j].Stored, s.now())
			}
		}
		s.acknowledge(d.Events)
	}
	return failed
}

func (s *session) acknowledge(events []commit.Event) {
	s.unacked.drop(events)
	s.inputs.note(events)
	for _, ev := range events {
		if err := ev.Msg.Ack(); err != nil {
			s.log.Warn().Err(err).Uint64("sequence", ev.Seq).
				Msg("acknowledgement failed; the input will be delivered again")
		}
	}
}

const (
	// goodCommit is the size of a commit, in messages, that an appetite aims at: near the most that
	// the server takes at once, which costs little more than one message, and with some room, since
	// what goes over into a second commit is not overlapped.
	goodCommit = 800
	// mostAppetite is how many times Config.Batch is taken at once where little of it changes
	// anything.
	mostBatches = 3
)

// resizeBatch makes the next batch such that its commit is a good one.
func (s *session) resizeBatch(batch []commit.Event) {
	if messages, inFlight := s.committer.InFlight(); tells(batch, s.batchTarget) {
		s.batchTarget = nextTarget(len(batch), messages, inFlight, s.batchTarget, s.cfg.Batch)
	}
}

// tells whether what a batch led to says how large the next should be: a full one of inputs does.
// What timers lead to is committed by itself.
func tells(batch []commit.Event, target int) bool {
	return len(batch) >= target && !slices.ContainsFunc(batch, func(ev commit.Event) bool { return ev.Input == nil })
}

// nextTarget is the size of a batch after one of n inputs that led to a commit of so many messages,
// or to more than one commit.
func nextTarget(n, messages int, inFlight bool, target, batch int) int {
	if !inFlight { // more than one commit
		return max(target/2, 1)
	}
	return max(1, min(n*goodCommit/max(messages, 1), 2*target, mostBatches*batch))
}

// linger is how long a batch waits for inputs that the server is known to have: a commit costs as
// much again, however small.
const linger = 5 * time.Millisecond

// gather takes what is there, up to a batch. As long as a commit is on its way there is time for
// more.
func (s *session) gather(work context.Context, first commit.Event) ([]commit.Event, error) {
	batch := []commit.Event{first}
	resources, last := first.Weight(), first
	for len(batch) < s.batchTarget && resources < 4*s.batchTarget {
		if answer := s.committer.Pending(); answer != nil {
			select {
			case last = <-s.events:
			case w := <-answer:
				if err := s.answered(work, w); err != nil {
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

// nakPending lets another instance have what was taken but not begun.
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
