package fold

import (
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// Fold takes events into copies of the states in a View, until Decide.
//
// One rule makes the result independent of order, repetition and batching: every patient that any
// version of a resource ever named has a fact of it, at the newest version that names this patient.
// It is the content if that version is the newest of all, and a mark if one that names another
// patient, or nobody, is newer.
//
// A patient's facts are cut to the newest of each kind, by the versions that name the patient
// alone, so which facts stay does not depend on order either (checks.State.Trim). What is cut is
// forgotten, for others too: if a resource moved from A to B and was cut from B, A gets back its
// content, which the mark has kept. So such a resource may count once too often, never too seldom,
// whatever the order.
type Fold struct {
	e           *Engine
	view        View
	patients    map[facts.Ref]*patient
	medications map[facts.Ref]facts.Fact // changed ones
	gone        map[facts.Ref]facts.Fact // changed ones
	holders     Index                    // what the fold added to the view's
	referrers   Index
	newest      map[facts.Ref]newest   // of resources several patients hold; see newestOf
	stale       map[facts.Ref]struct{} // resources whose holders must all be brought up to date
	// resources that were cut, or a version of them was, and whose other holders do not know it yet
	lost    map[facts.Ref]struct{}
	reached map[facts.Ref]struct{} // Medications with new content
	later   []facts.Ref            // who must be decided once this is committed
	behind  []facts.Ref            // who must be brought up to date then, decided now or not
	whole   bool                   // nothing is cut
	unsaid  bool                   // transitions go nowhere, so what is next need not be known

	peeked, decided int // states looked at and decided: bounded by tests
}

type patient struct {
	st      *checks.State
	old     *checks.State // as in the view; nil if new
	changed bool          // st differs from old
	touched bool          // must be decided
	rearm   bool          // its timer has fired, or may be missing
	limited
}

// NewFold starts a fold over view.
func (e *Engine) NewFold(view View) *Fold {
	return &Fold{e: e, view: view, patients: map[facts.Ref]*patient{},
		medications: map[facts.Ref]facts.Fact{}, gone: map[facts.Ref]facts.Fact{}, newest: map[facts.Ref]newest{},
		stale: map[facts.Ref]struct{}{}, lost: map[facts.Ref]struct{}{}, reached: map[facts.Ref]struct{}{}}
}

// Add folds in one input and appends a result for each of its resources; n is their number.
func (f *Fold) Add(results []Result, n int, in *Input) []Result {
	for i := range in.Resources {
		r := &in.Resources[i]
		res := Result{Input: n, Type: r.Type, Pointer: r.Pointer, Unread: r.Unread}
		switch {
		case r.Rejection != nil:
			res.Outcome, res.Reason, res.Detail = Rejected, r.Rejection.Reason, r.Rejection.Detail
			if r.Rejection.Pointer != "" {
				res.Pointer = r.Rejection.Pointer
			}
		case !r.Relevant || r.Fact.Ref.Type() == "DetectedIssue" && !in.AllowAck:
			res.Outcome = Irrelevant
		default:
			fact := r.Fact
			fact.Version.Arrival = facts.Arrival{Epoch: in.Arrival.Epoch, Sequence: in.Arrival.Sequence, Entry: r.Entry}
			res.Outcome = f.take(r.Patient, fact)
			res.Linked = fact.Kind == facts.KindPatient && fact.Person.Linked
		}
		results = append(results, res)
	}
	return results
}

func (f *Fold) take(patient facts.Ref, fact facts.Fact) Outcome {
	nobody := patient == ""
	if nobody && undated(&fact) {
		return f.takeBack(fact)
	}
	switch {
	case fact.Ref.Type() == "Medication":
		return f.medication(fact)
	case nobody:
		return f.withdraw(fact)
	default:
		return f.place(patient, fact)
	}
}

// takeBack folds in an undated withdrawal, for every patient who holds the resource, and all who
// refer to a Medication.
func (f *Fold) takeBack(fact facts.Fact) Outcome {
	if fact.Ref.Type() == "Medication" {
		before := f.knownMedication(fact.Ref)
		if !f.withdrawUndated(fact) {
			return Unchanged
		}
		f.reach(fact.Ref, before)
		return Applied
	}
	if !f.withdrawUndated(fact) {
		return Unchanged
	}
	f.stale[fact.Ref] = struct{}{}
	return Applied
}

// place folds in a fact that names its patient.
func (f *Fold) place(ref facts.Ref, fact facts.Fact) Outcome {
	p := f.patient(ref)
	if _, stale := f.stale[fact.Ref]; stale {
		f.reform(ref, fact.Ref)
	}
	known := p.st.Find(fact.Ref)
	if known == nil && f.refuses(p, &fact) {
		return Unchanged
	}
	joined, older := fact, false
	if known != nil {
		own := known.Unhidden()
		older = fact.Version.Compare(known.Version) <= 0
		if joined = f.e.Settings.Join(own, fact); older && facts.SamePlaces(&joined, &own) &&
			joined.Unread == own.Unread {
			return Unchanged
		}
	}
	formed, outdated := f.form(ref, joined)
	same := known != nil && facts.SameContent(known, &formed)
	before := f.newestOf(fact.Ref)
	f.set(ref, p, formed) // even if outdated, so that the state is the same as if this had come first
	if outdated || older {
		return Unchanged
	}
	f.outrank(before, ref, fact.Ref)
	return f.outcome(formed, same)
}

func (f *Fold) outcome(fact facts.Fact, same bool) Outcome {
	switch {
	case same:
		return Unchanged
	case fact.Kind == facts.KindOrder && fact.Order.MedicationRef != "" &&
		f.knownMedication(fact.Order.MedicationRef) == nil:
		return Waiting
	default:
		return Applied
	}
}

// withdraw folds in a deletion, or a resource entered in error, that names no patient.
func (f *Fold) withdraw(fact facts.Fact) Outcome {
	tomb := f.knownGone(fact.Ref)
	if tomb != nil && fact.Version.Compare(tomb.Version) <= 0 {
		return Unchanged
	}
	same := tomb != nil && facts.SameContent(tomb, &fact)
	_, outdated, _ := f.newer("", &fact)
	f.gone[fact.Ref] = fact // even if outdated: what is newer may be cut
	f.stale[fact.Ref] = struct{}{}
	if outdated {
		return Unchanged
	}
	return f.outcome(fact, same)
}

// medication folds in a Medication, or its deletion, for all who refer to it.
func (f *Fold) medication(fact facts.Fact) Outcome {
	held, known := f.heldMedication(fact.Ref), f.knownMedication(fact.Ref)
	if held != nil && fact.Version.Compare(held.Version) <= 0 {
		if newest, noted := held.Outranking(&fact); noted {
			f.medications[fact.Ref] = newest
			f.reach(fact.Ref, known)
		}
		return Unchanged
	}
	same := known != nil && facts.SameContent(known, &fact)
	if held != nil {
		fact, _ = fact.Outranking(held)
	}
	f.medications[fact.Ref] = fact
	f.reach(fact.Ref, known)
	return f.outcome(fact, same)
}

// reach notes a Medication whose content changed, so that all who refer to it are decided.
func (f *Fold) reach(medication facts.Ref, before *facts.Fact) {
	if now := f.knownMedication(medication); before == nil || !sameMedication(before, now) {
		f.reached[medication] = struct{}{}
	}
}

// form is what a patient has of a fact, given what else is known of its resource: a mark if a
// version that names another patient, or a withdrawal, is newer. outdated reports that something
// newer by version is known.
func (f *Fold) form(ref facts.Ref, fact facts.Fact) (formed facts.Fact, outdated bool) {
	why, outdated, gone := f.newer(ref, &fact)
	if w := f.undatedOver(&fact); w != nil {
		if gone = true; !outdated {
			why = w.Mark
		}
	}
	if !outdated && !gone {
		return fact, false
	}
	return f.e.Settings.Outrank(fact, why, !gone), outdated
}

// newer reports whether a version of fact's resource that names another patient than ref, or
// nobody, is newer; why fact is then only a mark; and whether it stays one for ever, because of a
// withdrawal.
func (f *Fold) newer(ref facts.Ref, fact *facts.Fact) (why facts.MarkReason, is, gone bool) {
	best := fact.Version
	if tomb := f.knownGone(fact.Ref); tomb != nil && tomb.Version.Compare(best) > 0 {
		best, why, is, gone = tomb.Version, tomb.Mark, true, true
	}
	if n := f.newestOf(fact.Ref); n.patient != "" && n.patient != ref && n.version.Compare(best) > 0 {
		why, is = facts.MarkMoved, true
	}
	return why, is, gone
}

// reform updates what a patient has of a resource with what else is known of it.
func (f *Fold) reform(ref, resource facts.Ref) {
	if held := f.peek(ref).Find(resource); held != nil {
		formed, _ := f.form(ref, held.Unhidden())
		f.put(ref, formed)
	}
}

// put gives a patient another form of a version the patient has.
func (f *Fold) put(ref facts.Ref, fact facts.Fact) {
	p := f.patient(ref)
	held := p.st.Find(fact.Ref)
	if held.Kind != fact.Kind || held.Mark != fact.Mark || held.Hides() != fact.Hides() || held.Unread != fact.Unread ||
		!facts.SamePlaces(held, &fact) {
		p.reformed = true
		f.set(ref, p, fact)
	}
}
