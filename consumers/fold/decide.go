package fold

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/parallel"
)

// depth to which a Medication's ingredients are followed to other Medications; products of products
// of products are not prescribed, and a loop must end.
const depth = 4

// decide brings everything touched into its final form, decides at asOf and returns what changed.
// The fold is then used up.
func (f *Fold) decide(asOf time.Time) Commit {
	var c Commit
	f.spread()
	for _, ref := range f.touched() {
		f.limit(ref)
	}
	f.giveBack()
	refs := f.touched()
	for _, ref := range refs {
		f.complete(ref)
	}
	changes := make([]PatientChange, len(refs))
	f.decided += len(refs)
	parallel.Do(len(refs), func(i int) { changes[i] = f.decidePatient(f.patients[refs[i]], asOf) })
	// Patients who got back what was cut from another come first: if a commit is written in parts
	// and ends in between, healing finds two holders.
	for _, shed := range []bool{false, true} {
		for i := range changes {
			if p := f.patients[refs[i]]; p.changed && p.shed == shed {
				c.Patients = append(c.Patients, changes[i])
			}
		}
	}
	c.Medications, c.Gone = values(f.medications), values(f.gone)
	c.Later = f.behind
	for _, ref := range f.later {
		if p := f.patients[ref]; p == nil || !p.touched {
			c.Later = append(c.Later, ref)
		}
	}
	return c
}

// touched are the patients to be decided, sorted.
func (f *Fold) touched() []facts.Ref {
	refs := make([]facts.Ref, 0, len(f.patients))
	for ref, p := range f.patients {
		if p.touched {
			refs = append(refs, ref)
		}
	}
	slices.Sort(refs)
	return refs
}

func (f *Fold) decidePatient(p *patient, asOf time.Time) PatientChange {
	p.own()
	before, ruleset := slices.Clone(p.st.Flags), p.st.Ruleset
	ch := PatientChange{State: p.st}
	decide := checks.DecideAhead
	if f.unsaid {
		decide = checks.DecideUntil
	}
	ch.Transitions, ch.Next = decide(p.st, f.e.Settings, f.e.Key, f.e.Ruleset, asOf)
	if !f.unsaid && !f.e.NoClears {
		checks.AddClears(p.st, f.e.Settings, asOf, ch.Transitions)
	}
	if len(ch.Transitions) > 0 || ruleset != f.e.Ruleset || !reflect.DeepEqual(before, p.st.Flags) ||
		p.rearm && !ch.Next.IsZero() {
		p.changed = true
	}
	return ch
}

// complete cuts a patient's facts to the limits and adds exactly the Medications the orders refer
// to.
func (f *Fold) complete(ref facts.Ref) {
	f.limit(ref)
	p := f.patients[ref]
	wanted := f.wanted(p.st)
	had := 0
	for i := range p.st.Facts {
		if k := &p.st.Facts[i]; k.Ref.Type() == "Medication" {
			had++
			if w := wanted[k.Ref]; w == nil || !sameMedication(w, k) {
				had = -1
				break
			}
		}
	}
	if had == len(wanted) {
		return
	}
	p.own()
	p.changed = true
	p.st.Facts = slices.DeleteFunc(p.st.Facts, func(k facts.Fact) bool { return k.Ref.Type() == "Medication" })
	for _, m := range wanted {
		i, _ := find(p.st, m.Ref)
		p.st.Facts = slices.Insert(p.st.Facts, i, contentOf(m))
	}
}

// contentOf is what a patient's state keeps of a Medication. It leaves out the version: a new one
// with the same content is no news to the many who may refer to it.
func contentOf(m *facts.Fact) facts.Fact {
	content := *m
	content.Version = facts.Version{}
	return content
}

// sameMedication reports whether two versions of a Medication say the same.
func sameMedication(a, b *facts.Fact) bool {
	x, y := contentOf(a), contentOf(b)
	return x.Unread == y.Unread && facts.SameContent(&x, &y)
}

// wanted are the known Medications the orders of st refer to, directly or as ingredients of one
// another.
func (f *Fold) wanted(st *checks.State) map[facts.Ref]*facts.Fact {
	var level []facts.Ref
	for i := range st.Facts {
		if m := MedicationOf(&st.Facts[i]); m != "" {
			level = append(level, m)
		}
	}
	if level == nil {
		return nil
	}
	known := map[facts.Ref]*facts.Fact{}
	for range depth {
		var next []facts.Ref
		for _, ref := range level {
			if known[ref] != nil {
				continue
			}
			if m := f.knownMedication(ref); m != nil {
				known[ref] = m
				next = append(next, ingredients(m)...)
			}
		}
		level = next
	}
	return known
}

// ingredients are the Medications m is made of.
func ingredients(m *facts.Fact) []facts.Ref {
	if m.Kind != facts.KindMedication {
		return nil
	}
	var refs []facts.Ref
	for _, part := range m.Medication.Parts {
		if part.Ref.Type() == "Medication" {
			refs = append(refs, part.Ref)
		}
	}
	return refs
}

// repair fixes what two instances unaware of each other's writes may have left: a resource in two
// patients' states that both take their version for the newest, or a tombstone not applied.
func (f *Fold) repair(ref facts.Ref) {
	p := f.patient(ref)
	p.grown = true // other limits may be in force
	for _, fact := range slices.Clone(p.st.Facts) {
		if fact.Ref.Type() == "Medication" {
			continue
		}
		formed, _ := f.form(ref, fact.Unhidden())
		f.put(ref, formed)
	}
}

func sorted(set map[facts.Ref]struct{}) []facts.Ref { return slices.Sorted(maps.Keys(set)) }

func values(m map[facts.Ref]facts.Fact) []facts.Fact {
	var known []facts.Fact
	for _, f := range m {
		known = append(known, f)
	}
	slices.SortFunc(known, func(a, b facts.Fact) int { return cmp.Compare(a.Ref, b.Ref) })
	return known
}
