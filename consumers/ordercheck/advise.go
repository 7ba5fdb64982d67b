package ordercheck

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

// Advice is the answer.
type Advice struct {
	Patient facts.Ref
	AsOf    time.Time
	Ruleset string
	Drafts  []facts.Ref // what was checked, as the flags name them
	// open because of the drafts: they are among its orders, or it is new or more severe with them
	Because []checks.Flag
	Open    []checks.Flag // open without them
	RLS     checks.RLSStatus
	Iron    checks.IronNeed
	// Note is on iron, where no flag says it.
	Note string
	// IronBecause: the iron flag is one because of the drafts.
	IronBecause bool
	// Unrecognised are drafts whose drug is in no table, and that have no RxNorm or ATC code
	// either: nothing was checked for them.
	Unrecognised []facts.Ref
	Unread       []Unread
	LeftOut      string // which older facts of the patient were left out, in a sentence; "" when none
	Stored       bool   // something was known of the patient before the request
}

// answer answers q at asOf from what view knows and what q brings. It changes nothing. Once ctx has
// ended it goes on to no further step, and the error is that of ctx.
func answer(ctx context.Context, e *fold.Engine, view fold.View, q *Question, asOf time.Time) (Advice, error) {
	a := Advice{
		Patient: q.Patient,
		AsOf:    asOf,
		Ruleset: e.Ruleset,
		Unread:  slices.Clone(q.Unread),
		Stored:  view.State(q.Patient) != nil,
	}
	known := e.NewFold(onePatient{view, q.Patient}).Whole()
	// What is asked arrives after everything that is stored, and the drafts last.
	given := fold.Input{Arrival: facts.Arrival{Epoch: math.MaxInt64}, Resources: a.mine(q.Facts, false)}
	known.Add(nil, 0, &given)
	before := known.State(q.Patient)
	drafts := fold.Input{Arrival: facts.Arrival{Epoch: math.MaxInt64, Sequence: 1}, Resources: a.mine(q.Drafts, true)}
	if ctx.Err() != nil {
		return Advice{}, ctx.Err()
	}
	asWritten(drafts.Resources, before, zoneOf(e.Settings), asOf)
	known.Add(nil, 1, &drafts)
	after := known.State(q.Patient)
	if ctx.Err() != nil || after == nil {
		return a, ctx.Err()
	}
	for i := range drafts.Resources {
		a.Drafts = append(a.Drafts, drafts.Resources[i].Fact.Ref)
	}
	a.LeftOut = after.Cut.Words(e.Settings.Facts)
	if err := a.split(ctx, e, before, after, len(given.Resources) == 0, asOf); err != nil {
		return Advice{}, err
	}
	a.Unrecognised = unrecognised(e.Settings.Terms, after, a.unflagged())
	return a, nil
}

// mine are the resources about the patient, and the Medications that orders may refer to. Others
// are told.
func (a *Advice) mine(all []fhir.Resource, draft bool) []fhir.Resource {
	var mine []fhir.Resource
	for i := range all {
		switch r := &all[i]; {
		case r.Patient == a.Patient || r.Patient == "" && r.Fact.Kind == facts.KindMedication:
			mine = append(mine, *r)
		case r.Patient != "":
			a.Unread = append(a.Unread, Unread{Type: r.Type, Pointer: r.Pointer, Reason: otherPatient,
				Detail: "it is about another patient than the request", Draft: draft})
		}
	}
	return mine
}

// asWritten makes orders count as orders being written: a draft without a status is one, a draft
// outranks the stored version that it replaces, whatever its meta says, and one dated ahead is
// asked about now.
func asWritten(drafts []fhir.Resource, before *checks.State, zone *time.Location, asOf time.Time) {
	for i := range drafts {
		f := &drafts[i].Fact
		if f.Kind != facts.KindOrder {
			continue
		}
		order := *f.Order
		if order.Status == facts.StatusUnknown {
			order.Status = facts.StatusDraft
		}
		if !order.Authored.IsZero() && order.Authored.Start(zone).After(asOf) {
			order.Authored = moment.Instant(asOf)
		}
		f.Order = &order
		if before == nil {
			continue
		}
		if known := before.Find(f.Ref); known != nil && known.Version.Compare(f.Version) > 0 {
			f.Version.Updated, f.Version.Number = known.Version.Updated, known.Version.Number
		}
	}
}

// unflagged are the drafts that no flag is about: what is flagged was recognised, or the flag says
// that it was not.
func (a *Advice) unflagged() []facts.Ref {
	return slices.DeleteFunc(slices.Clone(a.Drafts), func(draft facts.Ref) bool {
		return slices.ContainsFunc(a.Because, func(f checks.Flag) bool {
			return slices.Contains(f.Implicated, draft)
		})
	})
}

func zoneOf(s *checks.Settings) *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// split compares the flags with and without the drafts. decided tells that before is as it was
// stored.
func (a *Advice) split(
	ctx context.Context,
	e *fold.Engine,
	before, after *checks.State,
	decided bool,
	asOf time.Time,
) error {
	now := checks.Assess(after, e.Settings, e.Key, e.Ruleset, asOf)
	checks.AddClears(after, e.Settings, asOf, now.Flags)
	a.Note = now.Note
	a.RLS, a.Iron = now.RLS, now.Iron
	var others []checks.Flag
	for _, f := range now.Flags {
		if slices.ContainsFunc(f.Implicated, func(r facts.Ref) bool { return slices.Contains(a.Drafts, r) }) {
			a.Because = append(a.Because, f)
		} else {
			others = append(others, f)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	was := map[string]checks.Severity{}
	if before != nil && len(a.Drafts) > 0 && len(others) > 0 {
		was = severities(e, before, decided, asOf)
	}
	for _, f := range others {
		if len(a.Drafts) > 0 && f.Severity > was[f.Check+"|"+f.Ingredient] {
			a.Because = append(a.Because, f)
		} else {
			a.Open = append(a.Open, f)
		}
	}
	slices.SortFunc(a.Because, func(x, y checks.Flag) int {
		return cmp.Or(cmp.Compare(x.Check, y.Check), cmp.Compare(x.Ingredient, y.Ingredient))
	})
	a.IronBecause = slices.ContainsFunc(a.Because, func(f checks.Flag) bool { return f.Check == a.Iron.Check })
	return nil
}

// severities are those of the flags that are open without the drafts, by check and ingredient. What
// was decided when the state was stored need not be decided again.
func severities(e *fold.Engine, before *checks.State, decided bool, asOf time.Time) map[string]checks.Severity {
	was := map[string]checks.Severity{}
	if decided && before.Ruleset == e.Ruleset {
		for i := range before.Flags {
			f := &before.Flags[i]
			was[f.Check+"|"+f.Ingredient] = f.Severity
		}
		return was
	}
	for _, f := range checks.Evaluate(before, e.Settings, asOf) {
		was[f.Check+"|"+f.Ingredient] = f.Severity
	}
	return was
}

// unrecognised are the drafts about whose drug the tables know nothing, not even that it is an
// ordinary one.
func unrecognised(t *terms.Terms, st *checks.State, drafts []facts.Ref) []facts.Ref {
	if t == nil {
		t = terms.Embedded()
	}
	var refs []facts.Ref
	for _, ref := range drafts {
		f := st.Find(ref)
		if f == nil || f.Kind != facts.KindOrder {
			continue
		}
		drug := &f.Order.Drug
		if m := st.Find(f.Order.MedicationRef); m != nil && m.Kind == facts.KindMedication {
			drug = m.Medication
		}
		if m := t.Classify(drug.Codings, drug.Names); len(drug.Parts) == 0 && m.By == terms.MatchedNone &&
			m.Known == "" {
			refs = append(refs, ref)
		}
	}
	return refs
}

// onePatient is a view for a question about one patient: a Medication that comes with it concerns
// nobody else.
type onePatient struct {
	fold.View
	patient facts.Ref
}

func (v onePatient) Referrers(facts.Ref) []facts.Ref { return []facts.Ref{v.patient} }
