package sim

import (
	"fmt"
	"strings"

	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// showing is the stream RLS_FLAGS, and the transitions that leave RLS for it.
type showing struct {
	copies map[string]audit.Shown // by name
	next   uint64                 // sequence of RLS that the server copies next
	left   map[uint64]struct{}    // sequences that were taken out of RLS
	rounds []leaveRound           // under way; two may be
	slow   int                    // one in so many times something is copied
}

// leaveRound is one of an instance that takes transitions out of RLS, between its effects.
type leaveRound struct {
	firstEntry uint64
	shown      []audit.Shown
	leave      []bool
	judged     bool
}

// shownInRLS are the transitions that RLS shows, from a sequence on.
func (w *world) shownInRLS(from uint64) (found []audit.Shown) {
	for i := max(from, 1); i <= uint64(len(w.server.log)); i++ {
		m := &w.server.log[i-1]
		name, ok := strings.CutPrefix(m.subject, flagSubject)
		if _, gone := w.showing.left[i]; ok && !gone && w.server.last[m.subject] == i {
			found = append(found, audit.Shown{Name: name, Header: m.header, Stored: m.at, Committed: i})
		}
	}
	return found
}

// showSome is the server: it copies to RLS_FLAGS what RLS shows, in the order of sequences.
func (w *world) showSome(most int) {
	for _, s := range w.shownInRLS(w.showing.next) {
		if most--; most < 0 {
			return
		}
		s.Stored = w.server.now
		w.showing.copies[s.Name], w.showing.next = s, s.Committed+1
	}
}

// leave does the next step of one of the instances that take transitions out of RLS.
func (w *world) leave() {
	f := &w.showing
	if len(f.rounds) < 2 && w.rand.IntN(2) == 0 {
		r := leaveRound{shown: w.shownInRLS(1)}
		if entries := w.inRLS(1); len(entries) > 0 {
			r.firstEntry = entries[0].Committed
		}
		f.rounds = append(f.rounds, r)
		return
	}
	if len(f.rounds) == 0 {
		return
	}
	k := w.rand.IntN(len(f.rounds))
	r := &f.rounds[k]
	if !r.judged {
		copies := f.copies
		if w.mutant == leavesUnshown {
			copies = map[string]audit.Shown{}
			for _, s := range r.shown {
				copies[s.Name] = s
			}
		}
		r.leave, r.judged = audit.Leaving(r.shown, copies, r.firstEntry, w.server.now), true
		return
	}
	for i, leave := range r.leave {
		if leave {
			f.left[r.shown[i].Committed] = struct{}{}
		}
	}
	f.rounds = append(f.rounds[:k], f.rounds[k+1:]...)
}

// leftHeld holds that what has left RLS is kept for audit, outside RLS too. What is left of a batch
// that was cut short may have no entry; it is repeated, and then RLS may have that still.
func (w *world) leftHeld() error {
	copied := map[string]bool{}
	for _, e := range w.inRLS(1) {
		copied[e.Subject] = w.tornFlags()[e.Flag]
	}
	for i := range w.trail.copies {
		copied[w.trail.copies[i].Subject] = true
	}
	for seq := range w.showing.left {
		m := &w.server.log[seq-1]
		id, number := flagOf(m.subject), layout.NumberOf(m.header)
		if !m.torn && !copied[layout.AuditSubject(id, number)] {
			return fmt.Errorf("transition %d of flag %s left RLS, and RLS_AUDIT does not have it", number, id)
		}
	}
	return nil
}
