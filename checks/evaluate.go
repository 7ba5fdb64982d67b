package checks

import (
	"cmp"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/words"
)

// evaluation is one run over the facts of one patient.
type evaluation struct {
	st      *State
	set     *Settings
	terms   *terms.Terms
	zone    *time.Location
	asOf    time.Time
	explain bool

	person    facts.Person
	rls       rlsEvidence
	orders    []orderView
	exposures []exposure

	iron    *ironDecision // decided on first use
	takers  []*exposure   // exposures to alpha-2-delta ligands
	treated []*exposure   // exposures to medicines for RLS: those, dopamine agonists and levodopa

	newest map[string]time.Time // newest order of each ingredient; see newestOf
	// known caches drug look-ups when one patient is evaluated many times; bare skips everything
	// but which flags are open and how severe they are.
	known knownDrugs
	bare  bool
	book  *labBook // read on first use

	findings []Finding
	silences []Silence
	next     upcoming // after asOf, when time alone may change something
}

// Evaluate returns what has to be flagged for one patient at asOf, sorted by check and ingredient.
func Evaluate(st *State, set *Settings, asOf time.Time) []Finding {
	return evaluate(st, set, asOf, false).findings
}

// Explain says, for every order of a patient in whom RLS counts, why the checks that could apply
// stayed silent.
func Explain(st *State, set *Settings, asOf time.Time) []Silence {
	return evaluate(st, set, asOf, true).silences
}

// NextChange is the next instant after asOf at which time alone may change what Evaluate returns,
// or whether it is acknowledged; false if there is none.
func NextChange(st *State, set *Settings, asOf time.Time) (time.Time, bool) {
	next := evaluate(st, set, asOf, false).nextChange().at
	return next, !next.IsZero()
}

// nextChange is the instant of NextChange and its causes.
func (ev *evaluation) nextChange() upcoming {
	for i := range ev.st.Facts {
		f := &ev.st.Facts[i]
		if f.Kind != facts.KindAcknowledgement {
			continue
		}
		if date := f.Acknowledgement.Date; !date.IsZero() {
			ev.later(date.Start(ev.zone), ahead.AnswerCounts, f.Ref)
		}
		if until := f.Acknowledgement.Until; !until.IsZero() {
			ev.later(until.End(ev.zone), ahead.AnswerEnds, f.Ref)
		}
	}
	return ev.next
}

func evaluate(st *State, set *Settings, asOf time.Time, explain bool) *evaluation {
	ev := &evaluation{st: st, set: set, terms: set.terms(), zone: set.zone(), asOf: asOf, explain: explain}
	return ev.all()
}

func (ev *evaluation) all() *evaluation {
	st, set, explain := ev.st, ev.set, ev.explain
	if words := st.Cut.Words(set.Facts); words != "" {
		ev.quiet(nil, "", "", silence.LeftOut, words)
	}
	if !ev.mayMatter() {
		return ev
	}
	for i := range st.Facts {
		if st.Facts[i].Kind == facts.KindPatient {
			ev.person = *st.Facts[i].Person
		}
	}
	if ev.died() {
		ev.quiet(nil, "", "", silence.Died, "")
		return ev
	}
	ev.readOrders()
	if !explain && !set.Everyone && !ev.mayHaveRLS() {
		return ev
	}
	ev.readExposures()
	ev.readRLS()
	if ev.rls.status == RLSNone && !set.Everyone {
		ev.explainNoRLS()
		return ev
	}
	ev.explainOrders()
	for _, c := range Catalogue() {
		ev.run(c)
	}
	slices.SortFunc(ev.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Ingredient, b.Ingredient))
	})
	return ev
}

// labs returns the patient's results, read once for all checks.
func (ev *evaluation) labs() *labBook {
	if ev.book == nil {
		ev.book = readLabs(ev.st, ev.terms, ev.zone, &ev.set.Iron, ev.asOf)
	}
	return ev.book
}

// mayMatter reports whether RLS can be on record at all. Most patients have neither a diagnosis nor
// a reason for an order, and are skipped at once.
func (ev *evaluation) mayMatter() bool {
	for i := range ev.st.Facts {
		switch f := &ev.st.Facts[i]; f.Kind {
		case facts.KindCondition:
			return true
		case facts.KindOrder:
			if ev.set.Everyone || ev.explain || hasReason(f.Order) {
				return true
			}
		}
	}
	return false
}

// mayHaveRLS reports whether RLS would count if every order that still may count did. Exposures
// only remove orders, so on false the drugs need not be looked up, which is most of the work.
func (ev *evaluation) mayHaveRLS() bool {
	ev.readRLS()
	may := ev.rls.status > RLSNone
	ev.rls = rlsEvidence{}
	return may
}

func hasReason(o *facts.Order) bool {
	if len(o.Reasons) > 0 || len(o.ReasonRefs) > 0 {
		return true
	}
	for i := range o.Dosages {
		if r := &o.Dosages[i].AsNeededReason; len(r.Codings) > 0 || len(r.Texts) > 0 {
			return true
		}
	}
	return false
}

func (ev *evaluation) run(c Check) {
	switch why := ev.set.silences(c); {
	case why == silence.NotApproved:
		ev.quiet(nil, c.ID, "", why, string(ev.set.RuleOf(c).Status))
	case why != "":
		ev.quiet(nil, c.ID, "", why, "")
	case ev.rls.status == RLSNone && !c.WithoutRLS:
	default:
		c.run(ev, c)
	}
}

// flag records a finding. severity comes before the evidence for RLS, which lowers it unless the
// check is independent of RLS.
func (ev *evaluation) flag(c Check, severity Severity, f Finding, l leaflet) {
	if !c.WithoutRLS {
		severity = ev.rls.status.limit(severity)
	}
	f.Check, f.Severity, f.Patient, f.RLS = c.ID, severity, ev.st.Patient, ev.rls.status
	if ev.bare {
		ev.findings = append(ev.findings, f)
		return
	}
	f.Evidence = append(slices.Clip(f.Evidence), ev.rls.refs...)
	f.Implicated, f.Evidence = tidy(f.Implicated), tidy(f.Evidence)
	f.Summary = joinSentences(f.Summary, ev.newerUnread(slices.Concat(f.Implicated, f.Evidence)))
	f.Citations = ev.set.citations(c)
	f.Basis = basis(f)
	f.Orders = ev.orderWords(f.Implicated)
	f.Counsel = ev.counsel(c)
	if ev.set.Audience == ForPatients {
		ev.forPatients(&f, c, l)
	}
	f.Summary = ev.st.tellCut(ev.set, f.Summary)
	ev.findings = append(ev.findings, f)
}

// counsel is the advice for a patient with RLS that suits every flag.
func (ev *evaluation) counsel(c Check) []string {
	if c.WithoutRLS || ev.rls.status == RLSNone {
		return nil
	}
	return []string{words.Say("counsel.habits"), words.Say("counsel.sleep")}
}

// base is a check's own severity: the rule's, with moderate replaced by the site's setting.
func (ev *evaluation) base(c Check, own Severity) Severity {
	if s, err := ParseSeverity(ev.set.Checks[c.ID].Severity); err == nil && own == Moderate {
		return s
	}
	return own
}

// limit applies the evidence for RLS to a severity: one step lower in remission, at most low if RLS
// is only possible.
func (r RLSStatus) limit(s Severity) Severity {
	switch r {
	case RLSRemission:
		return s.stepDown()
	case RLSPossible:
		return min(s, Low)
	default:
		return s
	}
}

func tidy(refs []facts.Ref) []facts.Ref {
	refs = slices.Clone(refs)
	slices.Sort(refs)
	return slices.Compact(refs)
}
