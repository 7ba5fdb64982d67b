package consumers

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks"
)

// Fold takes events into copies of the states that it finds in a View, until Decide.
//
// What makes the result independent of order, repetition and batching is one rule: every patient that any version of a resource
// ever named has a fact of it, at the newest version that names this patient. It is the content where that is the newest of all
// versions, and a mark where another one, which names another patient or nobody, is newer.
//
// A patient's facts are cut to the newest, by these versions. Only events that name the patient change them, and only upwards, so which
// facts stay does not depend on order either. What is cut is forgotten, also for others: where a resource moved from A to B, was cut from
// B, and only then an older version that names A arrives, A has its content back. So such a resource may count once too often, never too
// seldom.
type Fold struct {
	e           *Engine
	view        View
	patients    map[checks.Ref]*patient
	medications map[checks.Ref]checks.Fact // changed ones
	gone        map[checks.Ref]checks.Fact // changed ones
	holders     index                      // what the fold added to those of the view
	referrers   index
	later       []checks.Ref
}

type patient struct {
	st      *checks.State
	old     *checks.State // as the view has it; nil when it is new
	changed bool          // st differs from old
	touched bool          // has to be decided
	rearm   bool          // its timer has gone off, or may be missing
}

// NewFold starts a fold over what view knows.
func (e *Engine) NewFold(view View) *Fold {
	return &Fold{e: e, view: view, patients: map[checks.Ref]*patient{},
		medications: map[checks.Ref]checks.Fact{}, gone: map[checks.Ref]checks.Fact{}}
}

// Add folds one input in and appends a result for each of its resources; n is the number they carry.
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
			fact.Version.Arrival = checks.Arrival{Epoch: in.Arrival.Epoch, Sequence: in.Arrival.Sequence, Entry: r.Entry}
			res.Outcome = f.take(r.Patient, fact)
			res.Linked = fact.Kind == checks.KindPatient && fact.Person.Linked
		}
		results = append(results, res)
	}
	return results
}

func (f *Fold) take(patient checks.Ref, fact checks.Fact) Outcome {
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
		return f.place(patient, f.underUndated(fact))
	}
}

// takeBack folds in an undated withdrawal: for every patient who holds the resource, and for all who refer to a Medication.
func (f *Fold) takeBack(fact checks.Fact) Outcome {
	if !f.withdrawUndated(fact) {
		return Unchanged
	}
	if fact.Ref.Type() == "Medication" {
		f.reach(fact.Ref)
		return Applied
	}
	for _, h := range f.holdersOf(fact.Ref) {
		if held := f.peek(h).Find(fact.Ref); held != nil {
			f.put(h, f.underUndated(*held))
		}
	}
	return Applied
}

// place folds in a fact that names its patient.
func (f *Fold) place(ref checks.Ref, fact checks.Fact) Outcome {
	p := f.patient(ref)
	known := p.st.Find(fact.Ref)
	if known != nil && fact.Version.Compare(known.Version) <= 0 {
		if newest, noted := known.Outranking(&fact); noted {
			f.set(ref, p, newest)
		}
		return Unchanged
	}
	same := known != nil && checks.SameContent(known, &fact)
	if known != nil {
		fact, _ = fact.Outranking(known)
	}
	newer, outdated := f.newer(ref, &fact)
	if !outdated {
		f.markOthers(ref, fact)
	}
	if known == nil && p.st.Cut && olderThanAll(p.st, fact.Version) {
		return Unchanged
	}
	if outdated {
		f.set(ref, p, outranked(fact, newer)) // so that the state is the same as if this one had come first
		return Unchanged
	}
	f.set(ref, p, fact)
	return f.outcome(fact, same)
}

func (f *Fold) outcome(fact checks.Fact, same bool) Outcome {
	switch {
	case same:
		return Unchanged
	case fact.Kind == checks.KindOrder && fact.Order.MedicationRef != "" && f.knownMedication(fact.Order.MedicationRef) == nil:
		return Waiting
	default:
		return Applied
	}
}

// withdraw folds in a deletion, or a resource entered in error, that names no patient.
func (f *Fold) withdraw(fact checks.Fact) Outcome {
	tomb := f.knownGone(fact.Ref)
	if tomb != nil && fact.Version.Compare(tomb.Version) <= 0 {
		return Unchanged
	}
	same := tomb != nil && checks.SameContent(tomb, &fact)
	_, outdated := f.newer("", &fact)
	f.gone[fact.Ref] = fact // also where it is outdated: what is newer may be cut
	if outdated {
		return Unchanged
	}
	f.markOthers("", fact)
	return f.outcome(fact, same)
}

// medication folds in a Medication, or its deletion, for all who refer to it.
func (f *Fold) medication(fact checks.Fact) Outcome {
	known := f.knownMedication(fact.Ref)
	if known != nil && fact.Version.Compare(known.Version) <= 0 {
		if newest, noted := known.Outranking(&fact); noted {
			f.medications[fact.Ref] = newest
			f.reach(fact.Ref)
		}
		return Unchanged
	}
	same := known != nil && checks.SameContent(known, &fact)
	if known != nil {
		fact, _ = fact.Outranking(known)
	}
	f.medications[fact.Ref] = fact
	f.reach(fact.Ref)
	return f.outcome(fact, same)
}

// reach has all patients decided who refer to a Medication, as far as one commit may touch them.
func (f *Fold) reach(medication checks.Ref) {
	for n, ref := range f.referrersOf(medication) {
		if f.e.MaxTouch > 0 && n >= f.e.MaxTouch {
			f.later = append(f.later, ref)
			continue
		}
		f.patient(ref).touched = true
	}
}

// newer tells whether a version of fact's resource that names another patient than ref, or nobody, is newer; and why fact is then only a
// mark.
func (f *Fold) newer(ref checks.Ref, fact *checks.Fact) (why checks.MarkReason, is bool) {
	best := fact.Version
	if tomb := f.knownGone(fact.Ref); tomb != nil && tomb.Version.Compare(best) > 0 {
		best, why, is = tomb.Version, tomb.Mark, true
	}
	for _, h := range f.holdersOf(fact.Ref) {
		if h == ref {
			continue
		}
		if held := f.peek(h).Find(fact.Ref); held != nil && held.Version.Compare(best) > 0 {
			best, why, is = held.Version, checks.MarkMoved, true
		}
	}
	return why, is
}

// markOthers tells all other holders of fact's resource that their version is not the newest any more.
func (f *Fold) markOthers(owner checks.Ref, fact checks.Fact) {
	why := fact.Mark
	if owner != "" {
		why = checks.MarkMoved
	}
	for _, h := range f.holdersOf(fact.Ref) {
		if h == owner {
			continue
		}
		if held := f.peek(h).Find(fact.Ref); held != nil && held.Version.Compare(fact.Version) < 0 {
			f.put(h, outranked(*held, why))
		}
	}
}

// put gives a patient another form of a version that the patient has.
func (f *Fold) put(ref checks.Ref, fact checks.Fact) {
	p := f.patient(ref)
	if held := p.st.Find(fact.Ref); held.Kind != fact.Kind || held.Mark != fact.Mark {
		f.set(ref, p, fact)
	}
}

// outranked is what is left of a version when another is newer.
func outranked(fact checks.Fact, why checks.MarkReason) checks.Fact {
	return checks.Fact{Ref: fact.Ref, Version: fact.Version, Kind: checks.KindMark, Mark: why,
		Unread: fact.Unread & (checks.UnreadVersion | checks.NewerUnread)}
}

func olderThanAll(st *checks.State, v checks.Version) bool {
	return !slices.ContainsFunc(st.Facts, func(k checks.Fact) bool {
		return k.Ref.Type() != "Medication" && k.Version.Compare(v) <= 0
	})
}
