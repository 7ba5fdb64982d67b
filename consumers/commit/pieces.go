package commit

import (
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// stateRow is one state to be written.
type stateRow struct {
	kind   string // subject up to the token
	token  layout.Token
	was    uint64     // sequence of the state it replaces; 0 if none
	left   bool       // that one is no longer in the stream
	wasSum layout.Sum // of that one's signature
	after  *stateRow  // what it replaces, as long as that is not stored itself
	sum    layout.Sum // of its own signature, once sent
	seq    uint64     // its own, once stored
	data   []byte
	ref    facts.Ref     // of a Medication or tombstone
	state  *checks.State // of a patient
}

func (r *stateRow) subject() string {
	if r.kind == layout.SubjectSite {
		return r.kind
	}
	return r.kind + r.token.String()
}

// expect is the sequence the stream must have under its subject.
func (r *stateRow) expect() uint64 {
	if r.left {
		return 0
	}
	return r.was
}

// replaces is a row that replaces what a step saw.
func (r *stateRow) replaces(seen seenRow) stateRow {
	row := *r
	row.token, row.was, row.left, row.wasSum, row.after = seen.token, seen.seq, seen.left, seen.sum, seen.row
	return row
}

// pieces splits a commit into batches. Each patient goes in one; Medications and tombstones go in
// the last, so that an input redelivered after a crash finds its Medication unknown and reaches the
// remaining patients.
func (w *writer) pieces(c *fold.Commit, view *snapshot, now time.Time) ([]*piece, error) {
	var all []*piece
	cur := &piece{view: view}
	add := func(p piece) error {
		if p.size() > jet.MaxBatch {
			return fmt.Errorf(
				"%w: %d messages for one patient, a batch takes %d",
				jet.ErrPoison,
				p.size(),
				jet.MaxBatch,
			)
		}
		if cur.size()+p.size() > w.most {
			all, cur = append(all, cur), &piece{view: view}
		}
		cur.add(p)
		return nil
	}
	for i := range c.Patients {
		p, err := w.patientPiece(&c.Patients[i], view, now)
		if err != nil {
			return nil, err
		}
		if err := add(p); err != nil {
			return nil, err
		}
	}
	for _, f := range c.Gone {
		r := view.read(goneKey(f.Ref), f.Ref)
		row := stateRow{kind: layout.SubjectGone, ref: f.Ref, data: layout.EncodeFact(f)}
		if err := add(piece{rows: []stateRow{row.replaces(r)}}); err != nil {
			return nil, err
		}
	}
	for _, f := range c.Medications {
		r := view.read(f.Ref, f.Ref)
		row := stateRow{kind: layout.SubjectMedication, ref: f.Ref, data: layout.EncodeFact(f)}
		if err := add(piece{rows: []stateRow{row.replaces(r)}}); err != nil {
			return nil, err
		}
	}
	return append(all, cur), nil
}

func (w *writer) patientPiece(ch *fold.PatientChange, view *snapshot, now time.Time) (piece, error) {
	var p piece
	for i := range ch.Transitions {
		msgs, err := layout.FlagMessages(&ch.Transitions[i])
		if err != nil {
			return p, err
		}
		p.msgs = append(p.msgs, msgs...)
	}
	r := view.read(ch.State.Patient, ch.State.Patient)
	if !r.known {
		delete(w.timers, r.token) // an erased patient's timers went too
	}
	if at := ch.Next.Unix(); !ch.Next.IsZero() && !w.frozen && w.timers[r.token] != at {
		p.msgs = append(p.msgs, layout.TimerMessage(r.token, ch.Next, now))
		p.timer = map[layout.Token]int64{r.token: at}
	}
	row := stateRow{kind: layout.SubjectPatient, data: codec.Append(nil, ch.State), state: ch.State}
	p.rows = []stateRow{row.replaces(r)}
	return p, nil
}
