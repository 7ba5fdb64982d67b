package commit

import (
	"strings"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Missing are the states in memory that were not found in the stream.
type Missing struct {
	copy *WorkingCopy
	rows map[string]map[layout.Token]struct{} // by kind
	site bool
	// tallies are the slots whose tallies are missing.
	tallies map[string]struct{}
}

// Missing starts with all states the stream should have, before any was Found.
func (c *WorkingCopy) Missing() *Missing {
	c.mu.RLock()
	defer c.mu.RUnlock()
	m := &Missing{copy: c, rows: map[string]map[layout.Token]struct{}{}, tallies: map[string]struct{}{}}
	_, m.site = c.others[layout.SubjectSite]
	for slot := range c.tallies {
		m.tallies[slot] = struct{}{}
	}
	for _, kind := range layout.StateKinds {
		m.rows[kind] = map[layout.Token]struct{}{}
		for i := range c.table(kind).rows {
			if r := &c.table(kind).rows[i]; !r.absent() {
				m.rows[kind][r.token] = struct{}{}
			}
		}
	}
	return m
}

// Found notes that the stream has a message under a subject.
func (m *Missing) Found(subject string) {
	kind := subject[:strings.LastIndexByte(subject, '.')+1]
	if subject == layout.SubjectSite {
		m.site = false
	} else if kind == layout.SubjectTally {
		delete(m.tallies, subject[len(kind):])
	} else if tok, err := layout.ParseToken(subject[len(kind):]); err == nil {
		delete(m.rows[kind], tok)
	}
}

// Count is how many are missing.
func (m *Missing) Count() int {
	n := len(m.tallies)
	for _, rows := range m.rows {
		n += len(rows)
	}
	if m.site {
		n++
	}
	return n
}

// Some are subjects of at most so many of those that are missing.
func (m *Missing) Some(most int) (subjects []string) {
	if m.site {
		subjects = append(subjects, layout.SubjectSite)
	}
	for slot := range m.tallies {
		subjects = append(subjects, layout.SubjectTally+slot)
	}
	for kind, rows := range m.rows {
		for tok := range rows {
			if len(subjects) >= most {
				return subjects[:most]
			}
			subjects = append(subjects, kind+tok.String())
		}
	}
	return subjects[:min(most, len(subjects))]
}

// Expected is how many subjects of states the stream has, as far as this process knows.
func (c *WorkingCopy) Expected() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := len(c.others) + len(c.tallies)
	for _, kind := range layout.StateKinds {
		t := c.table(kind)
		n += len(t.rows) - t.absent
	}
	return uint64(n)
}

// DropMarkers forgets missing erasure markers: they expire by themselves.
func (m *Missing) DropMarkers() {
	m.copy.mu.Lock()
	defer m.copy.mu.Unlock()
	for kind, rows := range m.rows {
		t := m.copy.table(kind)
		for tok := range rows {
			if r := t.find(tok); r.at.size == 0 {
				if !r.absent() {
					r.left = true
					t.absent++
				}
				delete(rows, tok)
			}
		}
	}
}

// Lose notes that the stream no longer has any of these states, so that the next write expects
// none.
func (m *Missing) Lose() {
	m.copy.mu.Lock()
	defer m.copy.mu.Unlock()
	for kind, rows := range m.rows {
		for tok := range rows {
			m.copy.table(kind).find(tok).left = true
		}
	}
	for slot := range m.tallies {
		m.copy.tallies[slot].Gone = true
	}
}
