package consumers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
)

// errState: a stored state cannot be read. Deciding without it could swallow flags, so nothing is decided.
var errState = errors.New("a stored state cannot be read")

// followBytes bounds what is under way to us: above the client's own limit reading gets ten times slower.
const followBytes = 8 << 20

func (c *workingCopy) table(kind string) *table {
	switch kind {
	case subjectPatient:
		return &c.patients
	case subjectMedication:
		return &c.medications
	default:
		return &c.gone
	}
}

// take makes a state that was read from the stream part of the copy, with codec.Decode or what does the same; it tells whether it was
// news.
func (c *workingCopy) take(subject string, seq uint64, data []byte, decode func([]byte) (*checks.State, error)) (bool, error) {
	cutAt := strings.LastIndexByte(subject, '.') + 1
	kind := subject[:cutAt]
	if subject == subjectSite {
		return false, c.takeSite(seq, data)
	}
	if kind != subjectPatient && kind != subjectMedication && kind != subjectGone {
		return false, nil // what a later version keeps
	}
	tok, err := parseToken(subject[cutAt:])
	if err != nil {
		return false, fmt.Errorf("%w: sequence %d of %s: %w", errState, seq, StreamRLS, err)
	}
	c.mu.RLock()
	row := c.table(kind).find(tok)
	old := row != nil && seq <= row.seq
	c.mu.RUnlock()
	if old {
		return false, nil
	}
	st, err := decode(data)
	if err != nil {
		return false, fmt.Errorf("%w: sequence %d of %s: %w", errState, seq, StreamRLS, err)
	}
	if erased(st) {
		data = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	slot, news := c.table(kind).put(tok, seq, data)
	if !news {
		return false, nil
	}
	switch kind {
	case subjectPatient:
		c.index(slot, st)
		c.open.set(slot, st)
		c.cut.set(slot, st)
		if delete(c.suspects, slot); data != nil {
			c.suspect(slot, st)
		}
		c.rules(slot, st)
	case subjectMedication, subjectGone:
		c.foreign++
		for i := range st.Facts {
			c.suspectAll(withdrawnRef(st.Facts[i].Ref))
			if kind == subjectGone {
				c.noteGone(st.Facts[i].Ref)
			}
		}
	}
	return true, nil
}

// takeSite notes under which rules the states are settled.
func (c *workingCopy) takeSite(seq uint64, data []byte) error {
	s, err := parseSite(seq, data)
	if err != nil {
		return fmt.Errorf("%w: sequence %d of %s: %w", errState, seq, StreamRLS, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outdated = s.Ruleset != c.ruleset
	return nil
}

// rules notes whether a state that another process wrote was decided under the rules of this one. One that began before these rules did
// may go on for a while.
func (c *workingCopy) rules(slot uint32, st *checks.State) {
	if delete(c.otherRules, slot); !erased(st) && st.Ruleset != c.ruleset {
		c.otherRules[slot] = struct{}{}
	}
}

// noteGone remembers that there is a tombstone under key.
func (c *workingCopy) noteGone(key checks.Ref) {
	c.goneRefs[c.hash(key)] = struct{}{}
	c.goneRefs[c.hash(withdrawnRef(key))] = struct{}{}
}

// forget notes that a state is not in the stream any more.
func (c *workingCopy) forget(r *stateRow) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.table(r.kind)
	slot, ok := t.at[r.token]
	if !ok {
		return
	}
	if t.rows[slot].at.size > 0 {
		t.gone++
	}
	t.rows[slot].seq = 0
	t.set(slot, nil)
}

// suspect notes a patient whose state may not know all: whoever wrote it may not have seen a Medication, a tombstone or another patient's
// version of the same resource. Healing looks closely. This replaces a register of those who wait, and it also mends what
// a crash left half done.
func (c *workingCopy) suspect(slot uint32, st *checks.State) {
	refers := func(k checks.Fact) bool { return medicationOf(&k) != "" && len(c.medications.rows) > 0 }
	if c.shared(st) || slices.ContainsFunc(st.Facts, refers) {
		c.suspects[slot] = struct{}{}
	}
}

// shared tells whether a resource of st has a tombstone, or was or is another patient's as well,
// by the facts of others or its own.
func (c *workingCopy) shared(st *checks.State) bool {
	return slices.ContainsFunc(st.Facts, func(k checks.Fact) bool {
		h := c.hash(k.Ref)
		_, gone := c.goneRefs[h]
		return gone || k.Hides() || len(c.holders.more[h]) > 0
	})
}

func (c *workingCopy) suspectAll(ref checks.Ref) {
	mark := func(slot uint32) bool { c.suspects[slot] = struct{}{}; return true }
	c.holders.each(c.hash(ref), mark)
	c.referrers.each(c.hash(ref), mark)
	if slot, ok := c.patients.at[c.tokens.of(ref)]; ok && ref.Type() == "Patient" { // who has a fact about itself
		mark(slot)
	}
}

// someSuspects takes up to n patients out that may have to be healed.
func (c *workingCopy) someSuspects(n int) ([]checks.Ref, error) { return c.some(c.suspects, n) }

// someOtherRules takes up to n patients out that have to be decided under the rules of this process.
func (c *workingCopy) someOtherRules(n int) ([]checks.Ref, error) {
	c.mu.RLock()
	outdated := c.outdated
	c.mu.RUnlock()
	if outdated {
		return nil, nil
	}
	return c.some(c.otherRules, n)
}

func (c *workingCopy) some(of map[uint32]struct{}, n int) ([]checks.Ref, error) {
	c.mu.Lock()
	var slots []uint32
	for s := range of {
		if len(slots) == n {
			break
		}
		slots = append(slots, s)
		delete(of, s)
	}
	c.mu.Unlock()
	slices.Sort(slots) // so that a run can be repeated
	var refs []checks.Ref
	for _, s := range slots {
		st, err := c.patient(s)
		if err != nil {
			return nil, err
		}
		if st != nil {
			refs = append(refs, st.Patient)
		}
	}
	return refs, nil
}

// follow reads all states, calls filled once it has them, and goes on following what others than by write, until ctx ends or a
// state cannot be read.
func (c *workingCopy) follow(ctx context.Context, js jetstream.JetStream, by string, filled func()) error {
	cons, err := ordered(ctx, js, StreamRLS, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subjectState + ">"}})
	if err != nil {
		return fmt.Errorf("following the states: %w", err)
	}
	c.expect(cons.CachedInfo().NumPending)
	if cons.CachedInfo().NumPending == 0 {
		filled()
		filled = nil
	}
	it, err := cons.Messages(jetstream.PullMaxBytes(followBytes))
	if err != nil {
		return fmt.Errorf("following the states: %w", err)
	}
	defer context.AfterFunc(ctx, it.Stop)()
	defer it.Stop()
	var r codec.Reader
	for next := jetstream.NextContext(ctx); ; {
		m, err := it.Next(next) // an iterator that is stopped while it opens itself again would wait for ever
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("following the states: %w", err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("following the states: %w", err)
		}
		if m.Headers().Get(headerBy) != by {
			if _, err := c.take(m.Subject(), meta.Sequence.Stream, m.Data(), r.Decode); err != nil {
				return err
			}
		}
		if meta.NumPending == 0 && filled != nil {
			filled()
			filled = nil
		}
	}
}
