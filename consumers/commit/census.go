package commit

import (
	"strings"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Missing are the states that are in memory and were not found in the stream.
type Missing struct {
	copy *WorkingCopy
	rows map[string]map[layout.Token]struct{} // by kind
	site bool
}

// Missing are all states that the stream should have, before any was Found.
func (c *WorkingCopy) Missing() *Missing {
	c.mu.RLock()
	defer c.mu.RUnlock()
	m := &Missing{copy: c, rows: map[string]map[layout.Token]struct{}{}}
	_, m.site = c.others[layout.SubjectSite]
	for _, kind := range kinds {
		m.rows[kind] = map[layout.Token]struct{}{}
		for i := range c.table(kind).rows {
			if r := &c.table(kind).rows[i]; !r.absent() {
				m.rows[kind][r.token] = struct{}{}
			}
		}
	}
	return m
}

// kinds are the subjects of states, up to their tokens, in the order in which they are stored
// again.
var kinds = []string{layout.SubjectGone, layout.SubjectMedication, layout.SubjectPatient}

// Found notes that the stream has a message under a subject.
func (m *Missing) Found(subject string) {
	kind := subject[:strings.LastIndexByte(subject, '.')+1]
	if subject == layout.SubjectSite {
		m.site = false
	} else if tok, err := layout.ParseToken(subject[len(kind):]); err == nil {
		delete(m.rows[kind], tok)
	}
}

// Count is how many there are.
func (m *Missing) Count() int {
	n := 0
	for _, rows := range m.rows {
		n += len(rows)
	}
	if m.site {
		n++
	}
	return n
}

// Expected is how many subjects of states the stream has, as far as this process knows.
func (c *WorkingCopy) Expected() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := len(c.others)
	for _, kind := range kinds {
		t := c.table(kind)
		n += len(t.rows) - t.absent
	}
	return uint64(n)
}

// DropMarkers forgets the markers of erasures that are missing: they leave by themselves.
func (m *Missing) DropMarkers() {
	m.copy.mu.Lock()
	defer m.copy.mu.Unlock()
	for kind, rows := range m.rows {
		t := m.copy.table(kind)
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

// Lose notes that the stream has none of these states any more, so that what is written next
// expects none.
func (m *Missing) Lose() {
	m.copy.mu.Lock()
	defer m.copy.mu.Unlock()
	for kind, rows := range m.rows {
		for tok := range rows {
			m.copy.table(kind).find(tok).seq = 0
		}
	}
}
