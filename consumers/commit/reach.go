package commit

import (
	"context"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// ReachAtOnce is how many patients are decided because of a Medication, or another resource of
// many, before others are served again.
const ReachAtOnce = 100

// reach is the patients whom a commit has left for later, each once, and the batches that are
// acknowledged when they are done.
type reach struct {
	queue   []facts.Ref
	queued  map[facts.Ref]struct{}
	reached int // how many have left the queue
	waiting []waiting
}

// waiting is a batch that is committed, but for some patients.
type waiting struct {
	batch Decided
	until int // reached, when none of them is in the queue any more
}

// add takes in patients. One who is in the queue already is brought up to date with everything when
// the turn comes.
func (r *reach) add(later []facts.Ref) {
	if r.queued == nil {
		r.queued = map[facts.Ref]struct{}{}
	}
	for _, ref := range later {
		if _, known := r.queued[ref]; !known {
			r.queued[ref] = struct{}{}
			r.queue = append(r.queue, ref)
		}
	}
}

// Reaching tells whether there are patients left for ReachSome.
func (c *Committer) Reaching() bool { return len(c.reach.waiting) > 0 }

// ReachSome decides about some of the patients whom a commit has left for later, and hands back the
// batches that have no more of them.
func (c *Committer) ReachSome(ctx context.Context) ([]Decided, error) {
	decided, err := c.Finish(ctx)
	if err != nil {
		return decided, err
	}
	r := &c.reach
	some := r.queue[:min(ReachAtOnce, len(r.queue))]
	if err := c.healPatients(ctx, some); err != nil {
		return decided, err
	}
	for _, ref := range some {
		delete(r.queued, ref)
	}
	r.queue, r.reached = r.queue[len(some):], r.reached+len(some)
	for len(r.waiting) > 0 && r.waiting[0].until <= r.reached {
		decided = append(decided, r.waiting[0].batch)
		r.waiting = r.waiting[1:]
	}
	return decided, nil
}
