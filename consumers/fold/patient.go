package fold

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// patient is the working copy of a patient's state, made on demand.
func (f *Fold) patient(ref facts.Ref) *patient {
	if p := f.patients[ref]; p != nil {
		return p
	}
	p := &patient{old: f.view.State(ref)}
	if p.st = p.old; p.st == nil {
		p.st = &checks.State{Patient: ref}
	}
	p.roof = roof(p.st)
	f.patients[ref] = p
	return p
}

// own makes p's state safe to change.
func (p *patient) own() {
	if p.st != p.old {
		return
	}
	st := *p.old
	st.Facts, st.Flags = slices.Clone(st.Facts), slices.Clone(st.Flags)
	p.st = &st
}

func (f *Fold) peek(ref facts.Ref) *checks.State {
	f.peeked++
	return f.patient(ref).st
}

// set puts fact into p's state, replacing any other version.
func (f *Fold) set(ref facts.Ref, p *patient, fact facts.Fact) {
	p.own()
	p.touched, p.changed, p.grown = true, true, true
	f.follow(ref, &fact)
	i, known := find(p.st, fact.Ref)
	if known {
		p.st.Facts[i] = fact
	} else {
		p.st.Facts = slices.Insert(p.st.Facts, i, fact)
		if fact.Ref != ref { // a Patient resource is always about itself
			f.holders.Add(fact.Ref, ref)
		}
	}
	if m := MedicationOf(&fact); m != "" {
		f.referrers.Add(m, ref)
	}
	if len(p.st.Facts) > p.roof && !f.whole {
		f.trim(p) // now and then, so that a flood of facts costs linear time
	}
}

func find(st *checks.State, ref facts.Ref) (int, bool) {
	return slices.BinarySearchFunc(
		st.Facts,
		ref,
		func(f facts.Fact, r facts.Ref) int { return strings.Compare(string(f.Ref), string(r)) },
	)
}

// MedicationOf is the Medication an order refers to; "" if none.
func MedicationOf(fact *facts.Fact) facts.Ref {
	if fact.Kind != facts.KindOrder {
		return ""
	}
	return fact.Order.MedicationRef
}

// knownMedication is the newest version of a Medication, or its withdrawal, which another commit
// may have brought.
func (f *Fold) knownMedication(ref facts.Ref) *facts.Fact {
	held := f.heldMedication(ref)
	if held == nil {
		return nil
	}
	m := f.underUndated(*held)
	return &m
}

// heldMedication is a Medication as it came, whatever was withdrawn since.
func (f *Fold) heldMedication(ref facts.Ref) *facts.Fact {
	if m, ok := f.medications[ref]; ok {
		return &m
	}
	return f.view.Medication(ref)
}

func (f *Fold) knownGone(ref facts.Ref) *facts.Fact {
	if g, ok := f.gone[ref]; ok {
		return &g
	}
	return f.view.Gone(ref)
}

func (f *Fold) holdersOf(ref facts.Ref) []facts.Ref {
	if ref.Type() == "Patient" {
		return []facts.Ref{ref}
	}
	return f.holders.With(ref, f.view.Holders(ref))
}

func (f *Fold) referrersOf(medication facts.Ref) []facts.Ref {
	return f.referrers.With(medication, f.view.Referrers(medication))
}

// Index names the patients of a resource. Most resources have one.
type Index struct {
	one  map[facts.Ref]facts.Ref
	more map[facts.Ref][]facts.Ref
	has  map[[2]facts.Ref]struct{} // contents of more
}

// Add notes a patient of a resource; it reports whether the resource had others, and not this one.
func (x *Index) Add(ref, patient facts.Ref) bool {
	if x.one == nil {
		x.one, x.more, x.has = map[facts.Ref]facts.Ref{}, map[facts.Ref][]facts.Ref{}, map[[2]facts.Ref]struct{}{}
	}
	first, ok := x.one[ref]
	if !ok {
		x.one[ref] = patient
	}
	if !ok || first == patient {
		return false
	}
	key := [2]facts.Ref{ref, patient}
	if _, known := x.has[key]; known {
		return false
	}
	x.has[key] = struct{}{}
	x.more[ref] = append(x.more[ref], patient)
	return true
}

func (x *Index) get(ref facts.Ref) []facts.Ref {
	first, ok := x.one[ref]
	if !ok {
		return nil
	}
	return append([]facts.Ref{first}, x.more[ref]...)
}

// With is what x and others have, sorted, without duplicates.
func (x *Index) With(ref facts.Ref, others []facts.Ref) []facts.Ref {
	if _, ok := x.one[ref]; !ok && len(others) == 0 {
		return nil
	}
	all := append(x.get(ref), others...)
	slices.Sort(all)
	return slices.Compact(all)
}

// References names the resources a state holds, except the Patient, and the Medications it refers
// to.
func References(st *checks.State, holds func(*facts.Fact), refers func(facts.Ref)) {
	for i := range st.Facts {
		k := &st.Facts[i]
		if k.Ref != st.Patient && k.Ref.Type() != "Medication" {
			holds(k)
		}
		if m := MedicationOf(k); m != "" {
			refers(m)
		}
		for _, m := range ingredients(k) {
			refers(m)
		}
	}
}
