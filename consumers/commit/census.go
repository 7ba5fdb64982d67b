package commit

import (
	"slices"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// missingRows are states that are in memory and not in the stream.
type MissingRows struct {
	Rows map[string]map[layout.Token]struct{} // by kind
	Site bool
}

func (m *MissingRows) Count() int {
	n := 0
	for _, rows := range m.Rows {
		n += len(rows)
	}
	if m.Site {
		n++
	}
	return n
}

// expected is how many subjects of states the stream has, as far as this process knows.
func (c *WorkingCopy) Expected() uint64 {
	c.Mu.RLock()
	defer c.Mu.RUnlock()
	n := len(c.others)
	for _, t := range []*Table{&c.Patients, &c.medications, &c.gone} {
		n += len(t.Rows) - t.absent
	}
	return uint64(n)
}

// stored are all states that the stream should have.
func (c *WorkingCopy) Stored() MissingRows {
	c.Mu.RLock()
	defer c.Mu.RUnlock()
	m := MissingRows{Rows: map[string]map[layout.Token]struct{}{}}
	_, m.Site = c.others[layout.SubjectSite]
	for _, kind := range []string{layout.SubjectPatient, layout.SubjectMedication, layout.SubjectGone} {
		m.Rows[kind] = map[layout.Token]struct{}{}
		for i := range c.table(kind).Rows {
			if r := &c.table(kind).Rows[i]; !r.absent() {
				m.Rows[kind][r.Token] = struct{}{}
			}
		}
	}
	return m
}

// dropMarkers forgets the markers of erasures that are missing.
func (c *WorkingCopy) DropMarkers(m *MissingRows) {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	for kind, rows := range m.Rows {
		t := c.table(kind)
		for tok := range rows {
			if r := t.find(tok); r.At.Size == 0 {
				if !r.absent() {
					r.Seq = 0
					t.absent++
				}
				delete(rows, tok)
			}
		}
	}
}

// lookUp gives a state as it is known, and the sequence that it has in the stream.
func (c *WorkingCopy) LookUp(kind string, tok layout.Token) (seq uint64, data []byte) {
	c.Mu.RLock()
	defer c.Mu.RUnlock()
	t := c.table(kind)
	r := t.find(tok)
	if r == nil {
		return 0, nil
	}
	return r.Seq, slices.Clone(t.Data(r))
}

// lose notes that the stream has none of these states any more.
func (c *WorkingCopy) Lose(m *MissingRows) {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	for kind, rows := range m.Rows {
		for tok := range rows {
			c.table(kind).find(tok).Seq = 0
		}
	}
}
