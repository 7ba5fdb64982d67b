package sim

import (
	"maps"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// intrude puts a message among the states that no instance wrote there: one made up, a copy of
// another one, or an older one of the same subject.
func (w *world) intrude() {
	var standing []string
	for _, subject := range slices.Sorted(maps.Keys(w.server.last)) {
		if strings.HasPrefix(subject, "rls.state.") {
			standing = append(standing, subject)
		}
	}
	if len(standing) == 0 {
		return
	}
	subject := standing[w.rand.IntN(len(standing))]
	if strings.HasPrefix(subject, layout.SubjectTally) && !w.followed() {
		return // who overwrites a tally and its states before anybody has read them undoes the commit
	}
	m := stored{subject: subject, foreign: true}
	switch how := w.rand.IntN(3); {
	case w.mutant == acceptsUnsigned || w.mutant != acceptsOlder && how == 0:
		m.data = codec.Append(nil, &checks.State{Patient: "Patient/A"})
	case w.mutant != acceptsOlder && how == 1:
		other := &w.server.log[w.server.last[standing[w.rand.IntN(len(standing))]]-1]
		m.header, m.data = other.header, other.data
	default:
		older := w.older(subject)
		// a tally that is put back with its states is noticed by what is recorded of decisions
		if older == nil || strings.HasPrefix(subject, layout.SubjectTally) {
			return
		}
		m.header, m.data = older.header, older.data
	}
	w.intruded++
	w.server.put(m)
	if w.trace != nil {
		w.trace("something foreign appears under %s", subject)
	}
}

// older is a message that stood under a subject before the one that stands there.
func (w *world) older(subject string) *stored {
	var found []*stored
	for i := range w.server.log[:w.server.last[subject]-1] {
		if m := &w.server.log[i]; m.subject == subject && !m.foreign {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found[w.rand.IntN(len(found))]
}

// read is what an instance gets of a message. A mutant takes what is foreign for its own.
func (w *world) read(subject string, seq uint64) jet.Stored {
	m := &w.server.log[seq-1]
	got := jet.Stored{Sequence: seq, Header: m.header, Data: m.data}
	unsigned := len(m.header[layout.HeaderSignature]) == 0
	if m.foreign && (w.mutant == acceptsUnsigned && unsigned || w.mutant == acceptsOlder && !unsigned) {
		believed := &nats.Msg{Subject: subject, Data: m.data}
		layout.NewSigner(w.engine.Key).Sign(believed, seq-1)
		got.Header = believed.Header
	}
	return got
}

// holder tells whether another instance holds all that was written, and will store it again.
func (w *world) holder(but *instance) bool {
	for _, in := range w.instances {
		if in != nil && in != but && in.whole {
			return true
		}
	}
	return false
}

// stranger tells whether what stands under a subject is neither what an instance wrote there last nor
// the same once more. Where nobody was left who knew of the last, one before it is taken, and all
// that was sent since comes again.
func (w *world) stranger(subject string, seq uint64) bool {
	m := &w.server.log[seq-1]
	if !m.foreign {
		return false
	}
	for i := int(seq) - 2; i >= 0; i-- {
		if own := &w.server.log[i]; own.subject == subject && !own.foreign {
			if w.rebuilt > 0 && !layout.SameSigned(m.header, own.header, m.data, own.data) {
				continue
			}
			return !layout.SameSigned(m.header, own.header, m.data, own.data)
		}
	}
	return true
}

// followed tells whether every instance has seen all that is stored.
func (w *world) followed() bool {
	for _, in := range w.instances {
		if in != nil && in.followed < len(w.server.log) {
			return false
		}
	}
	return true
}
