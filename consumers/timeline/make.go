package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// Of makes the timeline of a patient, named by token, from a state and the transitions of the
// patient's flags in any order. It changes nothing.
func Of(e *fold.Engine, st *checks.State, token string, asOf time.Time, transitions []checks.Flag) Patient {
	zone := e.Settings.Zone
	if zone == nil {
		zone = time.UTC
	}
	p := Patient{
		Patient: token, AsOf: asOf.In(zone), Zone: zone.String(), Ruleset: e.Ruleset,
		Record: checks.RecordOf(st, e.Settings, asOf),
	}
	steps := stepsByFlag(transitions)
	for _, f := range checks.OpenFlags(st, e.Settings, e.Key, e.Ruleset, asOf) {
		p.addOpen(&f, steps[f.ID])
	}
	p.addResolved(e, st, steps)
	slices.SortStableFunc(p.Flags, compareFlags)
	for _, s := range checks.Explain(st, e.Settings, asOf) {
		p.Silences = append(p.Silences, silenceOf(&s))
	}
	p.Leaflet = leafletOf(e, st, asOf)
	p.hide(st.Patient)
	return p
}

// stepsByFlag are the transitions of each flag, oldest first, without duplicates.
func stepsByFlag(transitions []checks.Flag) map[string][]checks.Flag {
	steps := map[string][]checks.Flag{}
	for _, f := range transitions {
		steps[f.ID] = append(steps[f.ID], f)
	}
	for id, list := range steps {
		slices.SortStableFunc(list, func(a, b checks.Flag) int { return cmp.Compare(a.Number, b.Number) })
		steps[id] = slices.CompactFunc(list, func(a, b checks.Flag) bool { return a.Number == b.Number })
	}
	return steps
}

func (p *Patient) addOpen(f *checks.Flag, steps []checks.Flag) {
	out := Flag{Line: ordercheck.LineOf(f), Number: f.Number, History: history(steps)}
	if n := len(steps); n > 0 && steps[n-1].Number == f.Number {
		out.AsOf = steps[n-1].AsOf.UTC().Format(time.RFC3339Nano)
	}
	for _, c := range f.Counsel {
		if !slices.Contains(p.Counsel, c) {
			p.Counsel = append(p.Counsel, c)
		}
	}
	out.Counsel = nil
	if f.Ack != nil {
		out.Answer = p.answer(f.ID, f.Ack)
	}
	p.Flags = append(p.Flags, out)
}

// answer marks the newest answer to a flag that agrees with ack: the one that holds.
func (p *Patient) answer(id string, ack *facts.Acknowledgement) *record.Answer {
	kind := string(checks.Acknowledged)
	if ack.Override {
		kind = string(checks.Overridden)
	}
	for i := len(p.Answers) - 1; i >= 0; i-- {
		a := &p.Answers[i]
		if a.Flag == id && a.Kind == kind && a.Author == ack.Author && a.Reason == ack.Reason &&
			a.At.IsZero() == ack.Date.IsZero() && a.Until.IsZero() == ack.Until.IsZero() {
			a.Holds = true
			held := *a
			return &held
		}
	}
	return nil
}

// addResolved adds formerly open flags, as they were before they were resolved.
func (p *Patient) addResolved(e *fold.Engine, st *checks.State, steps map[string][]checks.Flag) {
	for i := range st.Flags {
		kept := &st.Flags[i]
		id := checks.FlagID(e.Key, st.Patient, kept.Check, kept.Ingredient)
		if slices.ContainsFunc(p.Flags, func(f Flag) bool { return f.ID == id }) {
			continue
		}
		out := Flag{Number: kept.Number, History: history(steps[id]), Line: ordercheck.Line{
			ID: id, Check: kept.Check, Ingredient: kept.Ingredient, State: checks.Resolved,
			Implicated: kept.Implicated,
		}}
		if n := len(steps[id]); n > 0 {
			last := &steps[id][n-1]
			out.Line, out.Reason = ordercheck.LineOf(last), last.Reason
			out.State, out.Counsel = checks.Resolved, nil
		}
		p.Flags = append(p.Flags, out)
	}
}

func history(steps []checks.Flag) []Step {
	var all []Step
	for i := range steps {
		f := &steps[i]
		s := Step{
			Transition: f.Change, At: f.AsOf.UTC(), Number: f.Number, Severity: f.Severity.String(),
			Reason: f.Reason, Summary: f.Summary,
		}
		if a := f.Ack; a != nil && (f.Change == checks.ChangeAcknowledged || f.Change == checks.ChangeOverridden) {
			s.Author, s.Why = a.Author, a.Reason
		}
		all = append(all, s)
	}
	return all
}

// compareFlags puts open flags first, worst first; then resolved ones, newest first.
func compareFlags(a, b Flag) int {
	switch {
	case a.Open() && b.Open():
		return cmp.Or(cmp.Compare(rank(&b), rank(&a)), compareNames(&a, &b))
	case a.Open():
		return -1
	case b.Open():
		return 1
	}
	return cmp.Or(cmp.Compare(b.AsOf, a.AsOf), compareNames(&a, &b))
}

func compareNames(a, b *Flag) int {
	return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Ingredient, b.Ingredient))
}

func rank(f *Flag) checks.Severity {
	s, _ := checks.ParseSeverity(f.Severity) // "" is None
	return s
}

func silenceOf(s *checks.Silence) Silence {
	out := Silence{Check: s.Check, Order: s.Order, Ingredient: s.Ingredient, Reason: s.Reason, Words: s.Reason.Words()}
	if s.Detail != "" {
		out.Words += " (" + s.Detail + ")"
	}
	return out
}

// hide replaces the patient's reference with the token. Texts name no patient; references to the
// patient's own resource, which may be among those withdrawn, do.
func (p *Patient) hide(patient facts.Ref) {
	own := func(refs []facts.Ref) []facts.Ref {
		refs = slices.Clone(refs)
		for i, r := range refs {
			if r == patient {
				refs[i] = facts.Ref(p.Patient)
			}
		}
		return refs
	}
	for i := range p.Flags {
		f := &p.Flags[i]
		f.Patient, f.Implicated, f.Evidence = facts.Ref(p.Patient), own(f.Implicated), own(f.Evidence)
	}
	for i := range p.Silences {
		if p.Silences[i].Order == patient {
			p.Silences[i].Order = ""
		}
	}
	for i := range p.Unread {
		if p.Unread[i].Ref == patient {
			p.Unread[i].Ref = facts.Ref(p.Patient)
		}
	}
}
