package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/parallel"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// Told gets what is read. Its functions are called one at a time.
type Told struct {
	Total  func(n int64) // at most so many messages are read
	Read   func(n int64) // so many more have been
	Flag   func(*checks.Flag)
	Known  func(flag string) bool // Flag had one of that flag
	Answer func(data []byte)
	Unread func(subject string, err error) // what cannot be read; the rest is handed on
}

// pieceRead is how many transitions are read beside each other.
const pieceRead = 1024

// Outcomes hands on all that was decided about flags, each flag's transitions in the order of their
// numbers, and after them what users did with cards; instances may go on. A flag that has changed
// for the last time so long ago that its transitions are not kept any more comes as it stands. With
// the site key, what rlsguard did not write is told to Unread.
func (o *Operator) Outcomes(ctx context.Context, key []byte, to Told) error {
	r := reading{Told: to}
	rls, err := o.js.Stream(ctx, layout.StreamRLS)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return ErrNoStates
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	check, err := o.checking(ctx, key)
	if err != nil {
		return err
	}
	begun := rls.CachedInfo().TimeStamp
	total := uint64(0)
	for _, stream := range []string{layout.StreamAudit, layout.StreamRLS, layout.StreamFeedback} {
		n, err := o.messagesOf(ctx, stream)
		if err != nil {
			return err
		}
		total += n
	}
	to.Total(int64(total))
	err = audit.Each(ctx, o.js, audit.Reading{}, func(e audit.Entry) error {
		r.take(wire{e.Subject, e.Flag, e.Data}, check(e.Subject, e.Header, e.Data, e.Committed))
		return nil
	})
	if err != nil {
		return err
	}
	r.flush()
	if err := o.standing(ctx, &r, begun, check); err != nil {
		return err
	}
	err = jet.Each(ctx, o.js, layout.StreamFeedback, jetstream.OrderedConsumerConfig{},
		func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
			to.Answer(m.Data())
			to.Read(1)
			return nil
		})
	if errors.Is(err, jetstream.ErrStreamNotFound) { // no card was ever answered
		return nil
	}
	return err
}

// standing takes in flags of which the audit keeps nothing any more, as they stand in RLS, or in
// RLS_FLAGS where they have left that.
func (o *Operator) standing(
	ctx context.Context, r *reading, begun time.Time,
	check func(subject string, h nats.Header, data []byte, seq uint64) error,
) error {
	taken := map[string]struct{}{}
	take := func(subject, prefix string, h nats.Header, data []byte, stored time.Time, seq uint64) {
		id, name := subject[strings.LastIndexByte(subject, '.')+1:], subject[len(prefix):]
		if _, is := taken[name]; !is && stored.Before(begun) && !r.Known(id) {
			taken[name] = struct{}{}
			r.take(wire{subject, id, data}, check(subject, h, data, seq))
		}
	}
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectCommitFlags + ">"}}
	err := jet.Each(ctx, o.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		take(m.Subject(), layout.SubjectCommitFlags, m.Headers(), m.Data(), meta.Timestamp, meta.Sequence.Stream)
		return nil
	})
	if err != nil {
		return err
	}
	r.flush()
	err = o.eachShown(ctx, func(m *jetstream.RawStreamMsg) error {
		take(m.Subject, layout.SubjectFlags, m.Header, m.Data, m.Time, jet.SourceSequence(m.Header))
		return nil
	})
	r.flush()
	return err
}

// eachShown calls do with what RLS_FLAGS has, where it is there.
func (o *Operator) eachShown(ctx context.Context, do func(*jetstream.RawStreamMsg) error) error {
	_, err := o.js.Stream(ctx, layout.StreamFlags)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
	}
	_, err = jet.EachDirect(ctx, o.js, layout.StreamFlags, layout.SubjectFlags+">", 1, do)
	return err
}

// wire is a transition as it is stored.
type wire struct {
	subject, flag string
	data          []byte
}

type reading struct {
	Told
	waiting []wire
}

// take takes a message in, of which checking said foreign.
func (r *reading) take(w wire, foreign error) {
	if foreign != nil {
		r.Unread(w.subject, foreign)
		r.Read(1)
		return
	}
	if r.waiting = append(r.waiting, w); len(r.waiting) == pieceRead {
		r.flush()
	}
}

// flush reads what waits, on all processors, and hands it on in its order.
func (r *reading) flush() {
	flags, errs := make([]checks.Flag, len(r.waiting)), make([]error, len(r.waiting))
	parallel.Do(len(r.waiting), func(i int) {
		flags[i], errs[i] = issue.Unmarshal(r.waiting[i].data)
		if errs[i] == nil && flags[i].ID != r.waiting[i].flag {
			errs[i] = fmt.Errorf("it is about flag %s", flags[i].ID)
		}
	})
	for i := range flags {
		if errs[i] != nil {
			r.Unread(r.waiting[i].subject, errs[i])
		} else {
			r.Flag(&flags[i])
		}
	}
	r.Read(int64(len(flags)))
	r.waiting = r.waiting[:0]
}
