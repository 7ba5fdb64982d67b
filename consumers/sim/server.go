package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/jet"
)

const (
	expect   = "Nats-Expected-Last-Subject-Sequence"
	schedule = "Nats-Schedule"
	target   = "Nats-Schedule-Target"

	maxBatch = 1000
	ackWait  = 5 * time.Second
)

// stored is a message of the stream RLS.
type stored struct {
	subject string
	header  nats.Header
	data    []byte
	torn    bool // of a batch that was cut short
	by      *instance
	at      time.Time
	foreign bool // no instance wrote it here
}

// server is the stream RLS, with one message a subject, and its consumers.
type server struct {
	now     time.Time
	log     []stored          // all that was ever stored; the sequence of a message is its place and one
	last    map[string]uint64 // subject -> sequence of its newest message
	timers  map[string]time.Time
	inbound *queue
	due     *queue
}

func newServer(now time.Time) *server {
	return &server{
		now:     now,
		last:    map[string]uint64{},
		timers:  map[string]time.Time{},
		inbound: newQueue(),
		due:     newQueue(),
	}
}

// check tells why a batch would be refused.
func (s *server) check(msgs []*nats.Msg) error {
	if len(msgs) > maxBatch {
		return fmt.Errorf("%w: a batch of %d", jet.ErrUnknown, len(msgs))
	}
	for _, m := range msgs {
		want := m.Header.Get(expect)
		if want != "" && want != strconv.FormatUint(s.last[m.Subject], 10) {
			return jet.ErrConflict
		}
	}
	return nil
}

// store takes messages in, as far as n of them, and returns the sequence of the first.
func (s *server) store(by *instance, msgs []*nats.Msg, n int) uint64 {
	first := uint64(len(s.log) + 1)
	for _, m := range msgs[:n] {
		s.put(stored{m.Subject, m.Header, m.Data, n < len(msgs), by, s.now, false})
	}
	return first
}

func (s *server) put(m stored) {
	s.log = append(s.log, m)
	s.last[m.subject] = uint64(len(s.log))
	if at, ok := strings.CutPrefix(m.header.Get(schedule), "@at "); ok {
		t, err := time.Parse(time.RFC3339, at)
		if err != nil {
			panic(fmt.Sprintf("a schedule that no server takes: %v", err))
		}
		s.timers[m.subject] = t
	}
}

// advance lets time pass: timers go off.
func (s *server) advance(d time.Duration) {
	s.now = s.now.Add(d)
	var off []string
	for subject, at := range s.timers {
		if !at.After(s.now) {
			off = append(off, subject)
		}
	}
	slices.Sort(off)
	for _, subject := range off {
		to := s.log[s.last[subject]-1].header.Get(target)
		delete(s.timers, subject)
		delete(s.last, subject)
		s.put(stored{subject: to})
		s.due.add(to, uint64(len(s.log)))
	}
}

// queue is a durable consumer with explicit acknowledgement: what is not acknowledged in time comes
// again.
type queue struct {
	items   []item
	bySubj  map[string]int
	pending int
}

type item struct {
	subject string
	seq     uint64
	acked   bool
	until   time.Time // held by somebody
	times   int       // delivered
}

func newQueue() *queue { return &queue{bySubj: map[string]int{}} }

// add makes a message deliverable; one that stood under the same subject is gone.
func (q *queue) add(subject string, seq uint64) {
	if subject != "" {
		if i, ok := q.bySubj[subject]; ok && !q.items[i].acked {
			q.items[i].acked = true
			q.pending--
		}
		q.bySubj[subject] = len(q.items)
	}
	q.items = append(q.items, item{subject: subject, seq: seq})
	q.pending++
}

// ready are the items that may be delivered now.
func (q *queue) ready(now time.Time) []int {
	var all []int
	for i := range q.items {
		if it := &q.items[i]; !it.acked && !it.until.After(now) {
			all = append(all, i)
		}
	}
	return all
}

// again makes everything deliverable that ever was.
func (q *queue) again() {
	for i := range q.items {
		if it := &q.items[i]; it.acked {
			it.acked, it.until = false, time.Time{}
			q.pending++
		}
	}
}

func (q *queue) ack(i int) {
	if !q.items[i].acked {
		q.items[i].acked = true
		q.pending--
	}
}
