package consumers

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// copiedFlag is a transition in RLS_FLAGS.
type copiedFlag struct {
	id     string
	from   uint64 // sequence in RLS
	number uint64
	open   bool
}

// copyState is how RLS_FLAGS compares with what was committed.
type copyState struct {
	made  time.Time // of RLS_FLAGS
	top   uint64    // newest sequence of RLS that was copied
	count int       // of messages in RLS_FLAGS
	// behind are transitions, of those that had been committed at first, that the server has still
	// to copy.
	behind int
	// wrong are the flags that will not come right by waiting: that RLS_FLAGS shows otherwise than
	// they were committed, that copying passed over, or that only a state has left.
	wrong map[string]struct{}
	// begun tells that RLS_FLAGS lacks the newest transition of all, as one that was made anew does.
	begun bool
}

func (c *copyState) complete() bool { return c.behind == 0 && len(c.wrong) == 0 }

// comparing is one look at RLS_FLAGS.
type comparing struct {
	s     *session
	state copyState
	// want are the open flags, as the states had them before anything was read.
	want map[string]commit.Numbered
	// flags are those that RLS_FLAGS shows, by a hash of their subject. By id, newest are their newest
	// numbers, and open those of what it shows open.
	flags        map[uint64]copiedFlag
	newest, open map[string]uint64
	// inRLS are the ids of the flags that RLS shows, open or as new as their state is. What is older
	// there than it should be is for the patrol.
	inRLS map[string]struct{}
}

// compareCopy compares RLS_FLAGS with what RLS has left of the transitions, and with the states for
// all others. The states are read first and RLS last, so that RLS_FLAGS cannot seem to be ahead;
// what was committed after upTo may still be on its way.
func (s *session) compareCopy(ctx context.Context, upTo uint64) (copyState, error) {
	c := comparing{
		s: s, state: copyState{wrong: map[string]struct{}{}}, flags: map[uint64]copiedFlag{},
		newest: map[string]uint64{}, open: map[string]uint64{}, inRLS: map[string]struct{}{},
	}
	var err error
	if c.state.made, err = s.streamCreated(ctx, layout.StreamFlags); err != nil {
		return c.state, err
	}
	if c.want, err = s.committer.Numbers(); err != nil {
		return c.state, err
	}
	entry := jet.LastOf(ctx, s.js, layout.StreamAudit, layout.SubjectAudit+">")
	_, err = jet.EachDirect(ctx, s.js, layout.StreamFlags, layout.SubjectFlags+">", 1, c.shown)
	if err != nil {
		return c.state, err
	}
	committed := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{layout.SubjectCommitFlags + ">"},
		HeadersOnly:    true,
	}
	err = jet.Each(ctx, s.js, layout.StreamRLS, committed, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		c.committed(m, meta.Sequence.Stream, upTo)
		return nil
	})
	c.left()
	c.state.begun = c.lacks(entry)
	return c.state, err
}

// shown takes in what RLS_FLAGS has.
func (c *comparing) shown(m *jetstream.RawStreamMsg) error {
	f := copiedFlag{
		id: lastPart(m.Subject), from: jet.SourceSequence(m.Header), number: layout.NumberOf(m.Header),
		open: showsOpen(m.Header),
	}
	c.flags[maphash.String(c.s.seed, m.Subject[len(layout.SubjectFlags):])] = f
	if c.newest[f.id] = max(c.newest[f.id], f.number); f.open {
		c.open[f.id] = max(c.open[f.id], f.number)
	}
	c.state.top, c.state.count = max(c.state.top, f.from), c.state.count+1
	return nil
}

// committed compares one transition of RLS.
func (c *comparing) committed(m jetstream.Msg, seq, upTo uint64) {
	h, id := maphash.String(c.s.seed, m.Subject()[len(layout.SubjectCommitFlags):]), lastPart(m.Subject())
	if showsOpen(m.Headers()) || layout.NumberOf(m.Headers()) >= c.want[id].Number {
		c.inRLS[id] = struct{}{}
	}
	f, there := c.flags[h]
	delete(c.flags, h)
	switch {
	case !there && !showsOpen(m.Headers()): // it has expired, or will not be missed
	case there && f.from == seq && f.number == layout.NumberOf(m.Headers()):
	case f.from < seq && seq > upTo:
	case f.from < seq && seq > c.state.top:
		c.state.behind++
	default:
		c.state.wrong[id] = struct{}{}
	}
}

// left compares what RLS does not have any more, or never had.
func (c *comparing) left() {
	for _, f := range c.flags { // one that is resolved may expire here a moment later than there
		if f.open && c.want[f.id].Number != f.number {
			c.state.wrong[f.id] = struct{}{}
		}
	}
	for id, want := range c.want {
		if _, there := c.inRLS[id]; !there && c.open[id] != want.Number {
			c.state.wrong[id] = struct{}{}
		}
	}
}

// lacks tells whether a transition that is kept for audit is in neither RLS nor RLS_FLAGS, while it
// should be. Where it is the newest of all, no flag has to be open for that to show.
func (c *comparing) lacks(entry *jetstream.RawStreamMsg) bool {
	if entry == nil || entry.Time.Before(c.s.created) || shownNoMore(entry.Header, entry.Time) ||
		!c.s.authentic(entry.Subject, entry.Header, entry.Data, jet.SourceSequence(entry.Header)) {
		return false
	}
	id := lastPart(entry.Subject)
	_, there := c.inRLS[id]
	return !there && c.newest[id] < layout.NumberOf(entry.Header)
}

// shownNoMore tells whether a transition that was committed at a time has left RLS_FLAGS by itself,
// or is about to.
func shownNoMore(h nats.Header, since time.Time) bool {
	return !showsOpen(h) && layout.ShownFor-time.Since(since) < time.Hour
}

// showsOpen tells whether a transition leaves its flag open under this subject.
func showsOpen(h nats.Header) bool {
	change := checks.Change(h.Get(layout.HeaderTransition))
	return change != checks.ChangeResolved && change != checks.ChangeMoved
}
