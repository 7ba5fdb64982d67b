package fold

import (
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir"
)

// Outcome is what became of one resource. Every one gets exactly one.
type Outcome string

// The outcomes of the contract.
const (
	Applied    Outcome = "applied"
	Unchanged  Outcome = "unchanged"  // seen before, or older than what is known
	Irrelevant Outcome = "irrelevant" // nothing in it is relevant
	Waiting    Outcome = "waiting"    // refers to a Medication not seen yet
	Rejected   Outcome = "rejected"
)

// Outcomes are all outcomes.
var Outcomes = []Outcome{Applied, Unchanged, Irrelevant, Waiting, Rejected}

// Input is one document: a resource, or everything in a Bundle.
type Input struct {
	Arrival   facts.Arrival // Entry is that of each resource
	Resources []fhir.Resource
	Source    string // where it came from, for reports only: a file and line
	// AllowAck: acknowledgements in it count. On the bus that needs its own permission.
	AllowAck bool
}

// Result is the outcome of one resource.
type Result struct {
	Input   int // index of the input it was in
	Outcome Outcome
	Type    string // resourceType; "" if it could not be read
	Pointer string // JSON pointer in the document
	Reason  fhir.Reason
	Detail  string
	// Unread are unreadable places of an accepted or irrelevant resource.
	Unread []fhir.Unread
	Linked bool // a Patient with Patient.link: merges are counted, not followed
}

// View is everything committed so far. Its states and facts must not be changed.
type View interface {
	// State of a patient, or nil if nothing is known.
	State(patient facts.Ref) *checks.State
	// Medication is the newest version of a Medication resource, or nil.
	Medication(ref facts.Ref) *facts.Fact
	// Gone is the tombstone of a resource deleted or withdrawn without naming its patient, or nil.
	Gone(ref facts.Ref) *facts.Fact
	// Holders are patients whose state may have a fact of ref; it may name too many, never too few.
	Holders(ref facts.Ref) []facts.Ref
	// Newest are patients, one of whom has the newest version of a resource. If bound is nil, they
	// are all its holders. Otherwise there are more, and any of those may have it if the named ones
	// have none as new as bound.
	Newest(ref facts.Ref) (some []facts.Ref, bound *facts.Version)
	// Referrers are patients whose state may refer to a Medication; it may name too many, never too
	// few.
	Referrers(medication facts.Ref) []facts.Ref
}

// Engine decides with one site's settings.
type Engine struct {
	Settings *checks.Settings
	Key      []byte // site key
	Ruleset  string // hash of tables, rules and settings
	// MaxTouch is how many patients a changed Medication re-evaluates in its own commit; the others
	// are left to Commit.Later. 0 is no limit.
	MaxTouch int
	// NoClears omits from transitions what would clear a flag: nobody reads it.
	NoClears bool
}

// Step folds inputs into what is known and decides what that changes at asOf.
func (e *Engine) Step(view View, inputs []Input, asOf time.Time) (Commit, []Result) {
	f := e.NewFold(view)
	var results []Result
	for i := range inputs {
		results = f.Add(results, i, &inputs[i])
	}
	return f.decide(asOf), results
}

// Reevaluate brings patients up to date with the view and decides about them at asOf, as timers and
// a new ruleset need. The commit has only those that change, or that time alone may change later.
func (e *Engine) Reevaluate(view View, patients []facts.Ref, asOf time.Time) Commit {
	f := e.NewFold(view)
	for _, ref := range patients {
		if p := f.patient(ref); p.old != nil {
			f.repair(ref)
			p.touched, p.rearm = true, true
		}
	}
	return f.decide(asOf)
}

// Heal brings patients up to date with the view, and decides about those that changes, as needed
// for a Medication of many patients, or a state another instance wrote without knowing everything.
func (e *Engine) Heal(view View, patients []facts.Ref, asOf time.Time) Commit {
	f := e.NewFold(view)
	for _, ref := range patients {
		if p := f.patient(ref); p.old != nil {
			f.repair(ref)
			f.complete(ref)
			p.touched = p.changed
		}
	}
	return f.decide(asOf)
}

// Again decides about a patient as if a timer had fired. It returns the resulting transitions, none
// if the state is as it should be, and whether the state holds everything the view knows of its
// facts.
func (e *Engine) Again(view View, ref facts.Ref, asOf time.Time) (transitions []checks.Flag, whole bool) {
	f := e.NewFold(view)
	p := f.patient(ref)
	f.repair(ref)
	f.complete(ref)
	whole = !p.changed
	p.touched = true
	for other, q := range f.patients {
		q.touched = other == ref
	}
	f.unsaid = true
	c := f.decide(asOf)
	return c.transitions(), whole
}

// State is what is known of a patient, including everything added so far: what Decide would decide
// on. The caller may change it; it is nil if nothing is known.
func (f *Fold) State(ref facts.Ref) *checks.State {
	p := f.patient(ref)
	for _, resource := range sorted(f.stale) {
		f.reform(ref, resource)
	}
	f.complete(ref)
	f.giveBack()
	if p.old == nil && !p.changed {
		return nil
	}
	st := *p.st
	st.Facts = append([]facts.Fact(nil), st.Facts...)
	st.Flags = append([]checks.OpenFlag(nil), st.Flags...)
	return &st
}
