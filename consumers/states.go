package consumers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// census counts the stored states with a consumer that never reads them: the server tells of it
// how many it would read.
type census struct {
	name  string
	short int       // looks in a row that found fewer than are known
	next  time.Time // when all are read again, while some are missing
}

// censusEvery is how often all states are looked for, while some are missing.
const censusEvery = 5 * time.Second

// watchStates notices states that vanished from the stream, and stores them again from memory
// where that is for this instance to do.
func (s *session) watchStates(ctx context.Context, rls *jetstream.StreamInfo, answers bool) error {
	if rls.State.LastSeq < s.lastRLS {
		return fmt.Errorf("%w: %s ends at sequence %d, and reached %d", errReplaced, StreamRLS, rls.State.LastSeq, s.lastRLS)
	}
	s.lastRLS = rls.State.LastSeq
	expected := s.copy.expected()
	stored, err := s.countStates(ctx)
	if err != nil {
		return err
	}
	c := &s.census
	if stored >= expected {
		c.short, c.next = 0, time.Time{}
		s.trouble(statesMissing, "")
		return nil
	}
	if c.short++; c.short < 2 || time.Now().Before(c.next) {
		return nil
	}
	missing, err := s.missingStates(ctx)
	if err != nil {
		return err
	}
	if missing.count() == 0 { // what was erased long ago has left, or the server miscounted
		*c = census{}
		s.trouble(statesMissing, "")
		return nil
	}
	c.next = time.Now().Add(censusEvery)
	s.trouble(statesMissing, fmt.Sprintf("%d stored states have left stream %s: the active instance stores them again from memory "+
		"once the stream keeps them; if that does not help, stop rlsguard and import the newest export", missing.count(), StreamRLS))
	if !answers || unfitStreams(map[string]*jetstream.StreamInfo{StreamRLS: rls}) != "" {
		return nil
	}
	s.copy.lose(&missing)
	return s.restore(ctx, missing)
}

// countStates asks how many messages the stream has under the subjects of states.
func (s *session) countStates(ctx context.Context) (uint64, error) {
	if s.census.name != "" {
		cons, err := s.js.Consumer(ctx, StreamRLS, s.census.name)
		if err == nil {
			return cons.CachedInfo().NumPending, nil
		}
		if !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return 0, fmt.Errorf("counting states: %w", err)
		}
	}
	cons, err := s.js.CreateConsumer(ctx, StreamRLS, jetstream.ConsumerConfig{
		FilterSubject: subjectState + ">", AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true, MemoryStorage: true, Replicas: 1, InactiveThreshold: abandoned,
	})
	if err != nil {
		return 0, fmt.Errorf("counting states: %w", err)
	}
	s.census.name = cons.CachedInfo().Name
	return cons.CachedInfo().NumPending, nil
}

// missingRows are states that are in memory and not in the stream.
type missingRows struct {
	rows map[string]map[token]struct{} // by kind
	site bool
}

func (m *missingRows) count() int {
	n := 0
	for _, rows := range m.rows {
		n += len(rows)
	}
	if m.site {
		n++
	}
	return n
}

// missingStates reads which states there are. Markers of erasures that have left are forgotten.
func (s *session) missingStates(ctx context.Context) (missingRows, error) {
	m := s.copy.stored()
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{subjectState + ">"}, HeadersOnly: true}
	err := each(ctx, s.js, StreamRLS, cfg,
		func(msg jetstream.Msg, _ *jetstream.MsgMetadata) error {
			subject := msg.Subject()
			kind := subject[:strings.LastIndexByte(subject, '.')+1]
			if subject == subjectSite {
				m.site = false
			} else if tok, err := parseToken(subject[len(kind):]); err == nil {
				delete(m.rows[kind], tok)
			}
			return nil
		})
	if err != nil {
		return m, fmt.Errorf("looking for states: %w", err)
	}
	s.copy.dropMarkers(&m)
	return m, nil
}

// expected is how many subjects of states the stream has, as far as this process knows.
func (c *workingCopy) expected() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := len(c.others)
	for _, t := range []*table{&c.patients, &c.medications, &c.gone} {
		n += len(t.rows) - t.absent
	}
	return uint64(n)
}

// stored are all states that the stream should have.
func (c *workingCopy) stored() missingRows {
	c.mu.RLock()
	defer c.mu.RUnlock()
	m := missingRows{rows: map[string]map[token]struct{}{}}
	_, m.site = c.others[subjectSite]
	for _, kind := range []string{subjectPatient, subjectMedication, subjectGone} {
		m.rows[kind] = map[token]struct{}{}
		for i := range c.table(kind).rows {
			if r := &c.table(kind).rows[i]; !r.absent() {
				m.rows[kind][r.token] = struct{}{}
			}
		}
	}
	return m
}

// dropMarkers forgets the markers of erasures that are missing.
func (c *workingCopy) dropMarkers(m *missingRows) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for kind, rows := range m.rows {
		t := c.table(kind)
		for tok := range rows {
			if r := t.find(tok); r.at.size == 0 {
				if !r.absent() {
					r.seq = 0
					t.absent++
				}
				delete(rows, tok)
			}
		}
	}
}

// lookUp gives a state as it is known, and the sequence that it has in the stream.
func (c *workingCopy) lookUp(kind string, tok token) (seq uint64, data []byte) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t := c.table(kind)
	r := t.find(tok)
	if r == nil {
		return 0, nil
	}
	return r.seq, slices.Clone(t.data(r))
}

// lose notes that the stream has none of these states any more.
func (c *workingCopy) lose(m *missingRows) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for kind, rows := range m.rows {
		for tok := range rows {
			c.table(kind).find(tok).seq = 0
		}
	}
}
