package sim

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/consumers/audit"
)

// trail is the stream RLS_AUDIT, and what leaves RLS for it.
type trail struct {
	copies []audit.Entry
	next   uint64            // sequence of RLS that the server copies next
	purged map[uint64]string // sequences that were purged from RLS, and by which rule
	rounds []pruneRound      // under way; two may be
	passed int               // how often the copying went on without something
}

// pruneRound is one of a Pruner, between its effects.
type pruneRound struct {
	entries []audit.Entry
	judged  bool
	verdict audit.Verdict
}

// inRLS are the entries that RLS has, from the first one on.
func (w *world) inRLS(from uint64) (found []audit.Entry) {
	for i := max(from, 1); i <= uint64(len(w.server.log)); i++ {
		m := &w.server.log[i-1]
		if e, ok := entryOf(m, i); ok && w.server.last[m.subject] == i && w.trail.purged[i] == "" {
			found = append(found, e)
		}
	}
	return found
}

func entryOf(m *stored, seq uint64) (audit.Entry, bool) {
	name, ok := strings.CutPrefix(m.subject, auditSubject)
	if !ok {
		return audit.Entry{}, false
	}
	flag, number, _ := strings.Cut(name, ".")
	n, err := strconv.ParseUint(number, 10, 64)
	return audit.Entry{
		Flag: flag, Number: n, Subject: m.subject, Header: m.header, Data: m.data, Stored: m.at, Committed: seq,
	}, err == nil
}

// copySome is the server: it copies in the order of sequences, and does not look back.
func (w *world) copySome(most int) {
	for _, e := range w.inRLS(w.trail.next) {
		if most--; most < 0 {
			return
		}
		e.Stored, e.Copied = w.server.now, uint64(len(w.trail.copies)+1)
		w.trail.copies = append(w.trail.copies, e)
		w.trail.next = e.Committed + 1
	}
}

// passOver puts the copying ahead of what RLS has, as it is once RLS lost its end or was made anew.
func (w *world) passOver() {
	if w.faults > 0 && w.rand.IntN(6) == 0 {
		w.faults--
		w.trail.passed++
		w.trail.next = uint64(len(w.server.log) + 1 + w.rand.IntN(20))
	}
}

// prune does the next step of one of the instances that prune.
func (w *world) prune() {
	t := &w.trail
	if len(t.rounds) < 2 && w.rand.IntN(2) == 0 {
		t.rounds = append(t.rounds, pruneRound{entries: w.inRLS(1)})
		return
	}
	if len(t.rounds) == 0 {
		return
	}
	k := w.rand.IntN(len(t.rounds))
	r := &t.rounds[k]
	if !r.judged {
		r.verdict, r.judged = w.judge(r.entries), true
		return
	}
	for _, e := range r.entries[:r.verdict.Purge] {
		t.purged[e.Committed] = "the first ones"
	}
	if r.verdict.PassedOver { // as Pruner.CopyAgain
		for _, e := range r.entries {
			if audit.Judge([]audit.Entry{e}, t.copies, w.server.now.Add(audit.KeepBoth)).Purge > 0 {
				t.purged[e.Committed] = "one by one"
			}
		}
		t.next = 1
	}
	t.rounds = append(t.rounds[:k], t.rounds[k+1:]...)
}

func (w *world) judge(entries []audit.Entry) audit.Verdict {
	if w.mutant != believesThePlace {
		return audit.Judge(entries, w.trail.copies, w.server.now)
	}
	v := audit.Verdict{}
	for v.Purge < len(entries) && entries[v.Purge].Committed < w.trail.next {
		v.Purge++
	}
	return v
}

// trailWhole holds that every transition is in RLS or in RLS_AUDIT, as it was committed.
func (w *world) trailWhole() error {
	copied := map[uint64]int{}
	for i := range w.trail.copies {
		c := &w.trail.copies[i]
		if m := &w.server.log[c.Committed-1]; m.subject == c.Subject && string(m.data) == string(c.Data) {
			copied[c.Committed]++
		}
	}
	for seq, by := range w.trail.purged {
		if copied[seq] == 0 {
			return fmt.Errorf("sequence %d of the audit was purged (%s) and never copied", seq, by)
		}
	}
	for seq, n := range copied {
		if n > 1 && w.trail.passed == 0 {
			return fmt.Errorf("sequence %d of the audit was copied %d times", seq, n)
		}
	}
	return nil
}
