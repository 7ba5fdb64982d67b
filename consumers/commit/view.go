package commit

import (
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// snapshot is the View of one step. It remembers the sequence of everything the step read, which
// the commit must expect, so that anything written by others in between refuses it.
type snapshot struct {
	c     *WorkingCopy
	over  *overlay // in flight; nil if nothing is
	known map[facts.Ref]seenRow
	err   error
	// foreign is how many Medications and tombstones of others were known when the step began.
	foreign uint64
}

type seenRow struct {
	token layout.Token
	seq   uint64     // of the state, by which its replacement is signed
	left  bool       // no longer in the stream
	sum   layout.Sum // of its signature
	known bool       // there was a state
	row   *stateRow  // the state, while still in flight: it has no sequence yet
}

func (c *WorkingCopy) snapshot() *snapshot { return c.snapshotOver(nil) }

func (c *WorkingCopy) snapshotOver(over *overlay) *snapshot {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return &snapshot{c: c, over: over, known: map[facts.Ref]seenRow{}, foreign: c.foreign}
}

// look reads the row of ref and remembers its sequence under key.
func (s *snapshot) look(t *table, key, ref facts.Ref) []byte {
	tok := s.c.tokens.Of(ref)
	if row := s.over.find(tok); row != nil && t == &s.c.patients {
		s.known[key] = seenRow{token: tok, known: true, row: row}
		return row.data
	}
	s.c.mu.RLock()
	defer s.c.mu.RUnlock()
	r := seenRow{token: tok}
	var data []byte
	if found := t.find(tok); found != nil {
		r.seq, r.left, r.sum, data = found.seq, found.left, found.sum, t.data(found)
	}
	r.known = data != nil
	if _, again := s.known[key]; !again { // the first look counts
		s.known[key] = r
	}
	return data
}

// fail keeps the first error: a View cannot return one, so the step is discarded afterwards.
func (s *snapshot) fail(err error) {
	if s.err == nil && err != nil {
		s.err = err
	}
}

// State implements View.
func (s *snapshot) State(patient facts.Ref) *checks.State {
	data := s.look(&s.c.patients, patient, patient)
	if data == nil {
		return nil
	}
	st, err := codec.Decode(data)
	s.fail(err)
	return st
}

// Medication implements View.
func (s *snapshot) Medication(ref facts.Ref) *facts.Fact {
	return s.fact(&s.c.medications, ref)
}

// goneKey keeps tombstones apart from patients in known: a Patient resource can have both.
func goneKey(ref facts.Ref) facts.Ref { return "gone|" + ref }

// Gone implements View.
func (s *snapshot) Gone(ref facts.Ref) *facts.Fact {
	s.c.mu.RLock()
	_, some := s.c.goneRefs[s.c.hash(ref)]
	// an erased one stands under a token alone, and whoever writes a new one has to expect it
	some = some || s.c.gone.gone > 0
	s.c.mu.RUnlock()
	if !some {
		return nil
	}
	data := s.look(&s.c.gone, goneKey(ref), ref)
	if data == nil {
		return nil
	}
	f, err := layout.DecodeFact(data)
	s.fail(err)
	return f
}

func (s *snapshot) fact(t *table, ref facts.Ref) *facts.Fact {
	data := s.look(t, ref, ref)
	if data == nil {
		return nil
	}
	f, err := layout.DecodeFact(data)
	s.fail(err)
	return f
}

// Holders implements View.
func (s *snapshot) Holders(ref facts.Ref) []facts.Ref {
	refs, err := s.c.patientsAt(&s.c.holders, ref)
	s.fail(err)
	return s.over.withHolders(ref, refs)
}

// Newest implements View. What is in flight is examined completely.
func (s *snapshot) Newest(ref facts.Ref) ([]facts.Ref, *facts.Version) {
	some, bound, err := s.c.newestOf(ref)
	s.fail(err)
	return s.over.withHolders(ref, some), bound
}

// Referrers implements View.
func (s *snapshot) Referrers(medication facts.Ref) []facts.Ref {
	refs, err := s.c.patientsAt(&s.c.referrers, medication)
	s.fail(err)
	return s.over.withReferrers(medication, refs)
}

// read is what the step saw of a key. What it did not look at was not there.
func (s *snapshot) read(key, ref facts.Ref) seenRow {
	if r, ok := s.known[key]; ok {
		return r
	}
	return seenRow{token: s.c.tokens.Of(ref)}
}

// named is the patient whose state is under a token, or "" if there is none.
func (c *WorkingCopy) named(token layout.Token) (facts.Ref, error) {
	c.mu.RLock()
	var data []byte
	if found := c.patients.find(token); found != nil {
		data = c.patients.data(found)
	}
	c.mu.RUnlock()
	if data == nil {
		return "", nil
	}
	st, err := codec.Decode(data)
	if err != nil {
		return "", err
	}
	return st.Patient, nil
}
