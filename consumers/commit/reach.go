package commit

import (
	"context"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// ReachAtOnce is how many patients are decided because of a Medication, or another shared resource,
// before others are served again.
const ReachAtOnce = 100

// reach is the patients commits have left for later, each once, and the batches acknowledged when
// they are done.
type reach struct {
	queue   []facts.Ref
	queued  map[facts.Ref]struct{}
	reached int // how many have left the queue
	waiting []waiting
}

// waiting is a batch that is committed except for some patients.
type waiting struct {
	batch Decided
	until int // reached, when none of them is left in the queue
}

// add adds patients. One already in the queue is brought up to date with everything in its turn.
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

// Reaching reports whether there are patients left for ReachSome.
func (c *Committer) Reaching() bool { return len(c.reach.waiting) > 0 }

// ReachSome decides about some of the patients left for later, and returns the batches that have no
// more of them.
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
