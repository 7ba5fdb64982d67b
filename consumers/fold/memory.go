package fold

import (
	"maps"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// Memory is a store for one process: replay and tests run on it. It is not safe for concurrent use.
type Memory struct {
	States      map[facts.Ref]*checks.State
	medications map[facts.Ref]*facts.Fact
	gone        map[facts.Ref]*facts.Fact
	holders     Index
	newest      map[facts.Ref]newest // of those several hold
	referrers   Index
}

// NewMemory is an empty store.
func NewMemory() *Memory {
	return &Memory{
		States:      map[facts.Ref]*checks.State{},
		medications: map[facts.Ref]*facts.Fact{},
		gone:        map[facts.Ref]*facts.Fact{},
		newest:      map[facts.Ref]newest{},
	}
}

// State implements View.
func (m *Memory) State(patient facts.Ref) *checks.State { return m.States[patient] }

// Medication implements View.
func (m *Memory) Medication(ref facts.Ref) *facts.Fact { return m.medications[ref] }

// Gone implements View.
func (m *Memory) Gone(ref facts.Ref) *facts.Fact { return m.gone[ref] }

// Holders implements View.
func (m *Memory) Holders(ref facts.Ref) []facts.Ref { return m.holders.get(ref) }

// Newest implements View.
func (m *Memory) Newest(ref facts.Ref) ([]facts.Ref, *facts.Version) {
	if n, shared := m.newest[ref]; shared {
		return []facts.Ref{n.patient}, &n.version
	}
	return m.holders.get(ref), nil
}

// Referrers implements View.
func (m *Memory) Referrers(medication facts.Ref) []facts.Ref { return m.referrers.get(medication) }

// Patients are all patients of whom something is known, sorted.
func (m *Memory) Patients() []facts.Ref { return slices.Sorted(maps.Keys(m.States)) }

// apply adds a commit to the store.
func (m *Memory) apply(c Commit) {
	for _, ch := range c.Patients {
		m.States[ch.State.Patient] = ch.State
		for i := range ch.State.Facts {
			m.remember(ch.State.Patient, &ch.State.Facts[i])
		}
	}
	for _, f := range c.Medications {
		m.medications[f.Ref] = &f
	}
	for _, f := range c.Gone {
		m.gone[f.Ref] = &f
	}
}

func (m *Memory) remember(patient facts.Ref, fact *facts.Fact) {
	if fact.Ref != patient && fact.Ref.Type() != "Medication" {
		m.hold(patient, fact)
	}
	if ref := MedicationOf(fact); ref != "" {
		m.referrers.Add(ref, patient)
	}
	for _, ref := range ingredients(fact) {
		m.referrers.Add(ref, patient)
	}
}

// hold notes that a patient holds a resource, and whether that version is the newest.
func (m *Memory) hold(patient facts.Ref, fact *facts.Fact) {
	n, shared := m.newest[fact.Ref]
	if another := m.holders.Add(fact.Ref, patient); !another && !shared {
		return
	}
	if first := m.holders.one[fact.Ref]; !shared {
		if held := m.States[first].Find(fact.Ref); held != nil {
			n = newest{patient: first, version: held.Version}
		}
	}
	if n.patient == "" || fact.Version.Compare(n.version) > 0 {
		n = newest{patient: patient, version: fact.Version}
	}
	m.newest[fact.Ref] = n
}

// Replay folds inputs over memory. Either all are folded first and decided once (Fold, then
// Finish), or each is decided as it comes (Step), for the transitions.
type Replay struct {
	e    *Engine
	mem  *Memory
	fold *Fold
	n    int
	res  []Result
}

// NewReplay starts with nothing known.
func NewReplay(e *Engine) *Replay { return &Replay{e: e, mem: NewMemory()} }

// Fold takes in an input and leaves the decision to Finish. The results are valid until the next
// call.
func (r *Replay) Fold(in Input) []Result {
	if r.fold == nil {
		r.fold = r.e.NewFold(r.mem)
	}
	r.n++
	r.res = r.fold.Add(r.res[:0], r.n-1, &in)
	return r.res
}

// Step takes in an input and decides what it changes at asOf.
func (r *Replay) Step(in Input, asOf time.Time) ([]Result, []checks.Flag) {
	c, results := r.e.Step(r.mem, []Input{in}, asOf)
	r.mem.apply(c)
	return results, c.transitions()
}

// Finish decides about everything folded and returns all that is known.
func (r *Replay) Finish(asOf time.Time) *Memory {
	if r.fold != nil {
		r.fold.unsaid = true
		r.mem.apply(r.fold.decide(asOf))
		r.fold = nil
	}
	return r.mem
}
