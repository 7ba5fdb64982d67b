package fold

import (
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir"
)

// Outcome is what became of one resource that was received. Every one gets exactly one.
type Outcome string

// The outcomes of the contract.
const (
	Applied    Outcome = "applied"
	Unchanged  Outcome = "unchanged"  // seen before, or older than what is known
	Irrelevant Outcome = "irrelevant" // nothing in it concerns us
	Waiting    Outcome = "waiting"    // refers to a Medication not seen yet
	Rejected   Outcome = "rejected"
)

// Outcomes are all outcomes.
var Outcomes = []Outcome{Applied, Unchanged, Irrelevant, Waiting, Rejected}

// Input is one document that was received: a resource, or all that a Bundle holds.
type Input struct {
	Arrival   facts.Arrival // Entry is that of each resource
	Resources []fhir.Resource
	Source    string // where it came from, for reports: a file and line; not used otherwise
	// AllowAck: acknowledgements in it count. On the bus that is a permission of its own.
	AllowAck bool
}

// Result is the outcome of one resource.
type Result struct {
	Input   int // index of the input that it was in
	Outcome Outcome
	Type    string // resourceType; "" when it could not be read
	Pointer string // JSON pointer in the document
	Reason  fhir.Reason
	Detail  string
	// Unread are places of a resource that was taken, or is irrelevant, which are there and could
	// not be read.
	Unread []fhir.Unread
	Linked bool // a Patient with Patient.link: merges are counted, not followed
}

// View is what has been committed so far. States and facts that it hands out must not be changed.
type View interface {
	// State of a patient, or nil when nothing is known.
	State(patient facts.Ref) *checks.State
	// Medication is the newest version of a Medication resource, or nil.
	Medication(ref facts.Ref) *facts.Fact
	// Gone is the tombstone of a resource that was deleted or withdrawn without naming its patient,
	// or nil.
	Gone(ref facts.Ref) *facts.Fact
	// Holders are patients whose state may have a fact of ref; it may name too many, never too few.
	Holders(ref facts.Ref) []facts.Ref
	// Newest are patients of whom one has the newest version of a resource. Where bound is nil they
	// are all who hold it. Otherwise there are more, and any of them may have it when those that
	// are named have none as new as bound.
	Newest(ref facts.Ref) (some []facts.Ref, bound *facts.Version)
	// Referrers are patients whose state may refer to a Medication; it may name too many, never too
	// few.
	Referrers(medication facts.Ref) []facts.Ref
}

// Engine decides with one site's settings.
type Engine struct {
	Settings *checks.Settings
	Key      []byte // the site key
	Ruleset  string // hash of tables, rules and settings
	// MaxTouch is the number of patients that one changed Medication re-evaluates in the commit
	// that brings it; the others are left to Commit.Later. 0 is no limit.
	MaxTouch int
	// NoClears leaves out what would clear a flag from transitions: nobody reads them.
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

// Reevaluate brings patients up to date with what the view knows and decides about them at asOf.
// Only those that change, or that time alone may change later, are in the commit. It is what a
// timer and another ruleset need.
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

// Heal brings patients up to date with what the view knows, and decides about those whom that
// changes. It is what a Medication of many patients needs, and a state that another instance wrote
// without knowing all.
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

// Again decides about a patient as if a timer had gone off. It hands back the transitions that this
// leads to, none where the state is as it should be, and tells whether the state holds all that the
// view knows of its facts.
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

// State is what is known of a patient with all that was added so far: what Decide would decide
// about, which it does not. The state is the caller's to change; it is nil when nothing is known.
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
