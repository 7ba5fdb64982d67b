package commit

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// WorkingCopy is everything the stream RLS knows about patients, in memory: a direct get for each
// event would cap the rate at a tenth. States stay encoded, a tenth of their size in Go. It is
// updated by this process's commits and by following those of others.
type WorkingCopy struct {
	tokens *layout.Tokens
	seed   maphash.Seed

	mu          sync.RWMutex
	patients    table
	medications table
	gone        table
	holders     slotIndex              // resource -> patients
	newest      map[uint64]slotVersion // of resources several hold
	referrers   slotIndex              // Medication -> patients
	open        openFlags
	cut         cuts
	suspects    map[uint32]struct{} // patients who may need healing
	ruleset     string              // of this process
	// states were settled under other rules since: it is not ours to decide them again
	outdated   bool
	otherRules map[uint32]struct{} // patients last decided under other rules
	goneRefs   map[uint64]struct{} // hashes of resources with a tombstone
	foreign    uint64              // Medications and tombstones written by others
	followed   atomic.Uint64       // sequence in the stream RLS up to which states were followed
	trust                          // what is known of signatures
	others     map[string]struct{} // subjects among the states that are no state
}

// table is one kind of state, by token.
type table struct {
	at   map[layout.Token]uint32
	rows []row
	slab slab
	gone int // rows whose state was erased
	// sent are the states in flight, with what was read there meanwhile: one of them, or what
	// refuses it.
	sent map[layout.Token][]jet.Stored
	// absent are rows of which the stream has nothing, not even an erasure marker.
	absent int
	sum    layout.Sum // of all rows
}

type row struct {
	token layout.Token
	seq   uint64     // in the stream RLS; the next write must expect it
	sum   layout.Sum // of its signature
	at    location   // encoded state; none if it was removed
	left  bool       // no longer in the stream
}

// absent: it was erased, and the marker has expired too.
func (r *row) absent() bool { return r.left && r.at.size == 0 }

// NewWorkingCopy is empty; key is the site key, from which patients' tokens are made.
func NewWorkingCopy(key []byte) *WorkingCopy {
	c := &WorkingCopy{
		tokens:     layout.NewTokens(key),
		seed:       maphash.MakeSeed(),
		suspects:   map[uint32]struct{}{},
		otherRules: map[uint32]struct{}{},
		goneRefs:   map[uint64]struct{}{},
		others:     map[string]struct{}{},
		newest:     map[uint64]slotVersion{},
		trust:      newTrust(key),
	}
	for _, t := range []*table{&c.patients, &c.medications, &c.gone} {
		t.at, t.sent = map[layout.Token]uint32{}, map[layout.Token][]jet.Stored{}
	}
	return c
}

// expect pre-sizes the tables for n states; growing them step by step would copy each several
// times. Nearly all are patients', and each has at least one resource.
func (c *WorkingCopy) expect(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n = min(n, 1<<24); len(c.patients.rows) > 0 {
		return
	}
	c.patients.at, c.patients.rows = make(map[layout.Token]uint32, n), make([]row, 0, n)
	c.holders.one, c.holders.more = make(map[uint64]uint32, n), map[uint64][]uint32{}
}

func (t *table) find(tok layout.Token) *row {
	if i, ok := t.at[tok]; ok {
		return &t.rows[i]
	}
	return nil
}

// put takes in a newer row; it returns its slot, and whether it was news.
func (t *table) put(tok layout.Token, seq uint64, data []byte, sum layout.Sum) (uint32, bool) {
	i, ok := t.at[tok]
	if !ok {
		i = uint32(len(t.rows))
		t.at[tok] = i
		t.rows = append(t.rows, row{token: tok})
	}
	r := &t.rows[i]
	if ok && seq <= r.seq {
		return i, false
	}
	if ok && r.absent() {
		t.absent--
	}
	switch had := r.at.size > 0; {
	case data == nil && (had || !ok):
		t.gone++
	case data != nil && !had && ok:
		t.gone--
	}
	if data == nil {
		sum = layout.Sum{}
	}
	t.sum = t.sum.Plus(sum).Minus(r.sum)
	r.seq, r.sum, r.left = seq, sum, false
	t.set(i, data)
	return i, true
}

// set gives a slot another state.
func (t *table) set(slot uint32, data []byte) {
	old := t.rows[slot].at
	t.rows[slot].at = t.slab.put(slot, data)
	if t.slab.drop(old) {
		t.slab.clear(old.chunk, func(slot uint32, at location, data []byte) {
			if r := &t.rows[slot]; r.at == at {
				r.at = t.slab.put(slot, data)
			}
		})
	}
}

// data is the encoded state of a row; nil if it was removed.
func (t *table) data(r *row) []byte { return t.slab.get(r.at) }

func (c *WorkingCopy) hash(ref facts.Ref) uint64 { return maphash.String(c.seed, string(ref)) }

// apply takes in what this process stored under seq, after a step that saw view.
func (c *WorkingCopy) apply(r *stateRow, seq uint64, view *snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.kind == layout.SubjectSite {
		c.applySite(r, seq)
		return
	}
	c.ourOwn(r.subject(), seq)
	slot, news := c.table(r.kind).put(r.token, seq, r.data, r.sum)
	if !news {
		return
	}
	switch r.kind {
	case layout.SubjectGone:
		c.noteGone(r.ref)
	case layout.SubjectPatient:
		c.index(slot, r.state)
		c.open.set(slot, r.state)
		c.cut.set(slot, r.state)
		delete(c.otherRules, slot)
		if c.foreign != view.foreign || c.shared(r.state) { // the step may have missed what others wrote meanwhile
			c.suspects[slot] = struct{}{}
		}
	}
}

// patient decodes the state in a slot.
func (c *WorkingCopy) patient(slot uint32) (*checks.State, error) {
	c.mu.RLock()
	data := c.patients.data(&c.patients.rows[slot])
	c.mu.RUnlock()
	if data == nil {
		return nil, nil
	}
	return codec.Decode(data)
}

// Seen is the sequence in the stream RLS up to which states were followed.
func (c *WorkingCopy) Seen() uint64 { return c.followed.Load() }

// Slot is the place of a patient's state.
type Slot uint32

// Patients are the slots with a state, in the order of their tokens.
func (c *WorkingCopy) Patients() []Slot {
	c.mu.RLock()
	defer c.mu.RUnlock()
	rows := c.patients.rows
	slots := make([]Slot, 0, len(rows))
	for slot := range rows {
		if rows[slot].at.size > 0 {
			slots = append(slots, Slot(slot))
		}
	}
	slices.SortFunc(slots, func(a, b Slot) int { return slices.Compare(rows[a].token[:], rows[b].token[:]) })
	return slots
}

// At is the encoded state in a slot, with its token and sequence. It must not be changed.
func (c *WorkingCopy) At(slot Slot) (tok layout.Token, seq uint64, data []byte) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	r := &c.patients.rows[slot]
	return r.token, r.seq, c.patients.data(r)
}

// View is everything known now. States in it that cannot be decoded are missing.
func (c *WorkingCopy) View() fold.View { return c.snapshot() }

// slots is the number of patients with a slot.
func (c *WorkingCopy) slots() uint32 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return uint32(len(c.patients.rows))
}

// Known is the number of patients of whom something is known.
func (c *WorkingCopy) Known() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.patients.rows) - c.patients.gone
}

// byToken names the patient of a token; "" if unknown.
func (c *WorkingCopy) byToken(tok layout.Token) (facts.Ref, error) {
	c.mu.RLock()
	slot, ok := c.patients.at[tok]
	c.mu.RUnlock()
	if !ok {
		return "", nil
	}
	st, err := c.patient(slot)
	if err != nil || st == nil {
		return "", err
	}
	return st.Patient, nil
}
