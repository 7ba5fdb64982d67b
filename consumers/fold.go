package consumers

import (
	"reflect"
	"slices"

	"github.com/rlsguard/rlsguard/checks"
)

// Fold takes events into copies of the states that it finds in a View, until Decide.
//
// What makes the result independent of order, repetition and batching is one rule: every patient that any version of a
// resource ever named has a fact of it, at its newest version. It is the content for the patient whom that version names, and
// a mark for all others.
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
		res := Result{Input: n, Type: r.Type, Pointer: r.Pointer}
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
	fact = f.underUndated(fact)
	switch {
	case fact.Ref.Type() == "Medication":
		return f.medication(fact)
	case nobody:
		return f.withdraw(fact)
	default:
		return f.place(patient, fact)
	}
}

// takeBack folds in an undated withdrawal: for every patient who holds the resource, and for all who refer to a Medication.
func (f *Fold) takeBack(fact checks.Fact) Outcome {
	if !f.withdrawUndated(fact) {
		return Unchanged
	}
	if fact.Ref.Type() == "Medication" {
		if known := f.knownMedication(fact.Ref); known != nil {
			f.medication(f.underUndated(*known))
		}
		return Applied
	}
	for _, moved := range []bool{false, true} { // whoever has the content first, so that it is told as withdrawn and not as moved
		for _, h := range f.holdersOf(fact.Ref) {
			if held := f.peek(h).Find(fact.Ref); held != nil && moved == (held.Kind == checks.KindMark && held.Mark == checks.MarkMoved) {
				f.place(h, f.underUndated(*held))
			}
		}
	}
	return Applied
}

// place folds in a fact that names its patient.
func (f *Fold) place(ref checks.Ref, fact checks.Fact) Outcome {
	p := f.patient(ref)
	if known := p.st.Find(fact.Ref); known != nil {
		if fact.Version.Compare(known.Version) <= 0 {
			return Unchanged
		}
		same := sameContent(known, &fact)
		f.set(ref, p, fact)
		f.markOthers(ref, fact)
		return f.outcome(fact, same)
	}
	if p.st.Cut && olderThanAll(p.st, fact.Version) {
		return Unchanged
	}
	if newest, ok := f.newest(fact.Ref); ok && newest.Version.Compare(fact.Version) > 0 {
		f.set(ref, p, newest) // so that the state is the same as if this one had come first
		return Unchanged
	}
	f.set(ref, p, fact)
	f.markOthers(ref, fact)
	return f.outcome(fact, false)
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
	newest, known := f.newest(fact.Ref)
	if known && fact.Version.Compare(newest.Version) <= 0 {
		return Unchanged
	}
	tomb := f.knownGone(fact.Ref)
	same := tomb != nil && sameContent(tomb, &fact)
	f.gone[fact.Ref] = fact
	f.markOthers("", fact)
	return f.outcome(fact, same)
}

// medication folds in a Medication, or its deletion, for all who refer to it.
func (f *Fold) medication(fact checks.Fact) Outcome {
	known := f.knownMedication(fact.Ref)
	if known != nil && fact.Version.Compare(known.Version) <= 0 {
		return Unchanged
	}
	same := known != nil && sameContent(known, &fact)
	f.medications[fact.Ref] = fact
	for n, ref := range f.referrersOf(fact.Ref) {
		if f.e.MaxTouch > 0 && n >= f.e.MaxTouch {
			f.later = append(f.later, ref)
			continue
		}
		f.patient(ref).touched = true
	}
	return f.outcome(fact, same)
}

// newest is the newest version of ref that anybody has, as whoever does not have it should see it: a tombstone, or moved away.
func (f *Fold) newest(ref checks.Ref) (checks.Fact, bool) {
	var best checks.Fact
	known := false
	if tomb := f.knownGone(ref); tomb != nil {
		best, known = *tomb, true
	}
	for _, h := range f.holdersOf(ref) {
		if fact := f.peek(h).Find(ref); fact != nil && (!known || fact.Version.Compare(best.Version) > 0) {
			best, known = movedMark(*fact), true
		}
	}
	return best, known
}

// markOthers tells all other holders of fact's resource that their version is not the newest any more.
func (f *Fold) markOthers(owner checks.Ref, fact checks.Fact) {
	for _, h := range f.holdersOf(fact.Ref) {
		if h == owner {
			continue
		}
		if held := f.peek(h).Find(fact.Ref); held == nil || held.Version.Compare(fact.Version) >= 0 {
			continue
		}
		mark := fact
		if owner != "" {
			mark = movedMark(fact)
		}
		f.set(h, f.patient(h), mark)
	}
}

func movedMark(newest checks.Fact) checks.Fact {
	return checks.Fact{Ref: newest.Ref, Version: newest.Version, Kind: checks.KindMark, Mark: checks.MarkMoved}
}

// sameContent tells whether a later arrival says the same as what is known, under the same version.
func sameContent(a, b *checks.Fact) bool {
	x, y := *a, *b
	x.Version.Arrival, y.Version.Arrival = checks.Arrival{}, checks.Arrival{}
	return reflect.DeepEqual(x, y)
}

func olderThanAll(st *checks.State, v checks.Version) bool {
	return !slices.ContainsFunc(st.Facts, func(k checks.Fact) bool {
		return k.Ref.Type() != "Medication" && k.Version.Compare(v) <= 0
	})
}
