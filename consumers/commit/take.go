package commit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

func (c *WorkingCopy) table(kind string) *table {
	switch kind {
	case layout.SubjectPatient:
		return &c.patients
	case layout.SubjectMedication:
		return &c.medications
	default:
		return &c.gone
	}
}

// Take adds a state read from the stream to the copy, unless it is foreign: then it is only
// counted. Its error is a state that cannot be read.
func (c *WorkingCopy) Take(subject string, m jet.Stored) error {
	_, err := c.takeState(subject, m, codec.Decode)
	return err
}

// takeState is Take with codec.Decode or an equivalent; it reports whether the state was news.
func (c *WorkingCopy) takeState(
	subject string,
	m jet.Stored,
	decode func([]byte) (*checks.State, error),
) (bool, error) {
	seq, data := m.Sequence, m.Data
	c.mu.Lock()
	c.last = max(c.last, seq)
	c.mu.Unlock()
	cutAt := strings.LastIndexByte(subject, '.') + 1
	kind := subject[:cutAt]
	switch {
	case subject == layout.SubjectSite:
		c.noteOther(subject)
		return false, c.takeSite(m)
	case kind == layout.SubjectTally:
		return false, c.takeTally(subject[cutAt:], m)
	}
	if kind != layout.SubjectPatient && kind != layout.SubjectMedication && kind != layout.SubjectGone {
		c.noteOther(subject) // something a later version keeps
		return false, nil
	}
	tok, err := layout.ParseToken(subject[cutAt:])
	if err != nil {
		return false, c.takeStrange(subject, m)
	}
	if c.has(kind, tok, seq) || c.postponed(kind, tok, m) {
		return false, nil
	}
	sum, ours := c.ours(kind, tok, m)
	if !ours {
		if !c.has(kind, tok, seq) { // what this process wrote may have been noted since
			c.notOurs(kind, tok, seq)
		}
		return false, nil
	}
	st, err := decode(data)
	if err != nil {
		return false, fmt.Errorf("%w: sequence %d of %s: %w", layout.ErrState, seq, layout.StreamRLS, err)
	}
	if layout.Erased(st) {
		data = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ourOwn(subject, seq)
	slot, news := c.table(kind).put(tok, seq, data, sum)
	if !news {
		return false, nil
	}
	switch kind {
	case layout.SubjectPatient:
		c.index(slot, st)
		c.open.set(slot, st)
		c.cut.set(slot, st)
		if delete(c.suspects, slot); data != nil {
			c.suspect(slot, st)
		}
		c.rules(slot, st)
	case layout.SubjectMedication, layout.SubjectGone:
		c.foreign++
		for i := range st.Facts {
			c.suspectAll(fold.WithdrawnRef(st.Facts[i].Ref))
			if kind == layout.SubjectGone {
				c.noteGone(st.Facts[i].Ref)
			}
		}
	}
	return true, nil
}

// has reports whether the copy has what is under seq, or its replacement. Nothing else is skipped,
// not even this process's own writes, since the writer of a state does not tell whether this copy
// has it.
func (c *WorkingCopy) has(kind string, tok layout.Token, seq uint64) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	row := c.table(kind).find(tok)
	return row != nil && seq <= row.seq
}

// postponed holds a state back while one under the same token is in flight: it mostly is that one,
// and then need not be checked and decoded.
func (c *WorkingCopy) postponed(kind string, tok layout.Token, m jet.Stored) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.table(kind).sent
	kept, ok := sent[tok]
	if ok {
		sent[tok] = append(kept, m)
	}
	return ok
}

// send notes that states are in flight.
func (c *WorkingCopy) send(rows []stateRow) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range rows {
		if rows[i].kind != layout.SubjectSite {
			c.table(rows[i].kind).sent[rows[i].token] = nil
		}
	}
}

// takePostponed takes in what was held back, once the outcome of the states in flight is known.
// Those in the copy by then are skipped.
func (c *WorkingCopy) takePostponed(rows []stateRow) error {
	var all error
	for i := range rows {
		r := &rows[i]
		if r.kind == layout.SubjectSite {
			continue
		}
		c.mu.Lock()
		sent := c.table(r.kind).sent
		kept := sent[r.token]
		delete(sent, r.token)
		c.mu.Unlock()
		for _, m := range kept {
			_, err := c.takeState(r.subject(), m, codec.Decode)
			all = errors.Join(all, err)
		}
	}
	return all
}

// rules notes whether a state was decided under this process's rules. Another process that started
// under older rules may go on for a while.
func (c *WorkingCopy) rules(slot uint32, st *checks.State) {
	if delete(c.otherRules, slot); !layout.Erased(st) && st.Ruleset != c.ruleset {
		c.otherRules[slot] = struct{}{}
	}
}

// noteGone records that there is a tombstone under key.
func (c *WorkingCopy) noteGone(key facts.Ref) {
	c.goneRefs[c.hash(key)] = struct{}{}
	c.goneRefs[c.hash(fold.WithdrawnRef(key))] = struct{}{}
}

// forget notes that a state is no longer in the stream. What was known stays: states do not leave
// by themselves, so the next decision stores it again. Only erasure markers expire.
func (c *WorkingCopy) forget(r *stateRow) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.table(r.kind)
	row := t.find(r.token)
	if row == nil || row.absent() {
		return
	}
	if row.left = true; row.absent() {
		t.absent++
	}
}

func (c *WorkingCopy) noteOther(subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.others[subject] = struct{}{}
}

// suspect notes a patient whose state may be incomplete: its writer may not have seen a Medication,
// a tombstone or another patient's version of the same resource. Healing looks closely. This
// replaces a register of waiting patients, and also fixes what a crash left half done.
func (c *WorkingCopy) suspect(slot uint32, st *checks.State) {
	refers := func(k facts.Fact) bool { return fold.MedicationOf(&k) != "" && len(c.medications.rows) > 0 }
	if c.shared(st) || slices.ContainsFunc(st.Facts, refers) {
		c.suspects[slot] = struct{}{}
	}
}

// shared reports whether a resource of st has a tombstone, or was or is also another patient's, by
// the facts of others or its own.
func (c *WorkingCopy) shared(st *checks.State) bool {
	return slices.ContainsFunc(st.Facts, func(k facts.Fact) bool {
		h := c.hash(k.Ref)
		_, gone := c.goneRefs[h]
		return gone || k.Hides() || len(c.holders.more[h]) > 0
	})
}

func (c *WorkingCopy) suspectAll(ref facts.Ref) {
	mark := func(slot uint32) bool { c.suspects[slot] = struct{}{}; return true }
	c.holders.each(c.hash(ref), mark)
	c.referrers.each(c.hash(ref), mark)
	// patients have a fact about themselves
	if slot, ok := c.patients.at[c.tokens.Of(ref)]; ok && ref.Type() == "Patient" {
		mark(slot)
	}
}

// someSuspects removes up to n patients who may need healing.
func (c *WorkingCopy) someSuspects(n int) ([]facts.Ref, error) { return c.some(c.suspects, n) }

// someOtherRules removes up to n patients who must be decided under this process's rules.
func (c *WorkingCopy) someOtherRules(n int) ([]facts.Ref, error) {
	c.mu.RLock()
	outdated := c.outdated
	c.mu.RUnlock()
	if outdated {
		return nil, nil
	}
	return c.some(c.otherRules, n)
}

func (c *WorkingCopy) some(of map[uint32]struct{}, n int) ([]facts.Ref, error) {
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
	var refs []facts.Ref
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
