package checks

import (
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/checks/words"
)

// rlsEvidence is how RLS counts in a patient, and on what evidence (rules.md R13).
type rlsEvidence struct {
	status RLSStatus
	refs   []facts.Ref // for the strongest status
	since  moment.Time // earliest record among them
	words  string
	// silence says why conditions that name RLS do not count, if nothing else does.
	silence silence.Reason
	detail  string
}

// add records one piece of evidence; the strongest wins.
func (e *rlsEvidence) add(status RLSStatus, ref facts.Ref, since moment.Time, why string) {
	switch {
	case status < e.status || status == RLSNone:
		return
	case status > e.status:
		*e = rlsEvidence{status: status, words: why, since: since}
	case e.since.IsZero() || !since.IsZero() && since.Nanos < e.since.Nanos:
		e.since = since
	}
	e.refs = append(e.refs, ref)
}

// readRLS weighs every Condition, and the reasons of every order that counts.
func (ev *evaluation) readRLS() {
	for i := range ev.st.Facts {
		f := &ev.st.Facts[i]
		if f.Kind != facts.KindCondition {
			continue
		}
		status, why, silence := ev.weighCondition(f.Condition)
		if silence != "" && ev.rls.silence == "" {
			ev.rls.silence, ev.rls.detail = silence, why
		}
		ev.rls.add(status, f.Ref, f.Condition.Recorded, why)
	}
	for i := range ev.orders {
		o := &ev.orders[i]
		if o.counts {
			status, why := ev.weighReasons(o)
			ev.rls.add(status, o.ref, o.Order.Authored, why)
		}
	}
}

// weighCondition says how one Condition counts as RLS, in words for a reader; and, if it names RLS
// but does not count, why.
func (ev *evaluation) weighCondition(c *facts.Condition) (RLSStatus, string, silence.Reason) {
	code := ev.namesRLS(&c.Code)
	if code == conditions.CountsNo {
		return RLSNone, "", ""
	}
	if ev.recordedLater(c) {
		return RLSNone, words.Say("rls.why.ahead", "date", c.Recorded.Date(ev.zone)), silence.NotYet
	}
	over, ended := ev.conditionOver(c)
	switch {
	case c.Verification == facts.VerificationRefuted:
		return RLSNone, "refuted", silence.RLSRefuted
	case c.Code.Certainty == facts.CertaintyShut:
		return RLSNone, words.Say("rls.why.shut"), silence.RLSRefuted
	case c.FamilyHistory:
		return RLSNone, words.Say("rls.why.family"), silence.RLSRefuted
	case over:
		return RLSNone, ended, silence.RLSResolved
	case c.Verification == facts.VerificationUnread || c.Clinical == facts.ClinicalUnread:
		return RLSPossible, words.Say("rls.why.unread"), ""
	case c.Verification > facts.VerificationConfirmed:
		return RLSPossible, words.Say(
			[...]string{"rls.why.unconfirmed", "rls.why.provisional",
				"rls.why.differential"}[c.Verification-facts.VerificationUnconfirmed],
		), ""
	case c.Code.Certainty == facts.CertaintyPossible:
		return RLSPossible, words.Say("rls.why.suspected"), ""
	case c.Modified:
		return RLSPossible, words.Say("rls.why.modified"), ""
	case code == conditions.CountsPossible:
		return RLSPossible, words.Say("rls.why.text"), ""
	case c.Clinical == facts.ClinicalInactive || c.Clinical == facts.ClinicalRemission:
		return RLSRemission, words.Say("rls.why.remission"), ""
	default:
		return RLSConfirmed, "confirmed", ""
	}
}

func (ev *evaluation) recordedLater(c *facts.Condition) bool {
	if c.Recorded.IsZero() {
		return false
	}
	start := c.Recorded.Start(ev.zone)
	return ev.later(start, ahead.DiagnosisCounts, ev.refOf(c, start))
}

func (ev *evaluation) conditionOver(c *facts.Condition) (bool, string) {
	if c.Clinical == facts.ClinicalResolved {
		return true, "resolved"
	}
	if c.AbatedFlag {
		return true, "abated"
	}
	abated := c.Abatement
	if !c.AbatementEnd.IsZero() {
		abated = c.AbatementEnd
	}
	if abated.IsZero() {
		return false, ""
	}
	if end := abated.End(ev.zone); ev.later(end, ahead.DiagnosisEnds, ev.refOf(c, end)) {
		return false, ""
	}
	return true, words.Say("rls.why.abated", "date", abated.Date(ev.zone))
}

// namesRLS says whether a concept means RLS. A code in the table outranks any text: text on the
// code of a look-alike does not count.
func (ev *evaluation) namesRLS(c *facts.Concept) conditions.Counts {
	best, known := conditions.CountsNo, false
	for _, coding := range c.Codings {
		if row, ok := conditions.Find(coding); ok {
			known = true
			best = max(best, row.Counts)
		}
	}
	if known {
		return best
	}
	for _, text := range c.Texts {
		if conditions.NamesRLS(text) {
			return conditions.CountsPossible
		}
	}
	return conditions.CountsNo
}

// weighReasons says how the reasons of a counted order count: a coded reason is as good as a
// diagnosis, since the prescriber treats RLS (rules.md R13, a convention); an as-needed reason or a
// text makes RLS possible.
func (ev *evaluation) weighReasons(o *orderView) (RLSStatus, string) {
	best := RLSNone
	most := RLSConfirmed
	if o.unread&unread.Modifier != 0 {
		most = RLSPossible
	}
	for i := range o.Reasons {
		switch ev.reasonNamesRLS(&o.Reasons[i]) {
		case conditions.CountsYes:
			return min(most, RLSConfirmed), words.Say("rls.why.reason")
		case conditions.CountsPossible:
			best = RLSPossible
		}
	}
	for _, ref := range o.ReasonRefs {
		f := ev.st.Find(ref)
		switch {
		case f == nil || f.Kind != facts.KindCondition || !ev.treats(f.Condition):
		case doubtful(f.Condition):
			best = RLSPossible
		default:
			return min(most, RLSConfirmed), words.Say("rls.why.diagnosis")
		}
	}
	for i := range o.Dosages {
		if ev.reasonNamesRLS(&o.Dosages[i].AsNeededReason) > conditions.CountsNo {
			best = RLSPossible
		}
	}
	return best, words.Say("rls.why.words")
}

// reasonNamesRLS is namesRLS for a reason, which may be marked as uncertain.
func (ev *evaluation) reasonNamesRLS(c *facts.Concept) conditions.Counts {
	switch c.Certainty {
	case facts.CertaintyShut:
		return conditions.CountsNo
	case facts.CertaintyPossible:
		return min(ev.namesRLS(c), conditions.CountsPossible)
	}
	return ev.namesRLS(c)
}

// doubtful reports whether part of a Condition is unreadable, or it is marked as suspected, so that
// it is at most possible.
func doubtful(c *facts.Condition) bool {
	return c.Modified || c.Verification == facts.VerificationUnread || c.Clinical == facts.ClinicalUnread ||
		c.Code.Certainty == facts.CertaintyPossible
}

// treats reports whether a diagnosis that an order names as its reason is RLS and not withdrawn.
func (ev *evaluation) treats(c *facts.Condition) bool {
	status, _, _ := ev.weighCondition(c)
	return status != RLSNone && ev.namesRLS(&c.Code) == conditions.CountsYes
}

// hasContext looks for a Condition of a context group (Parkinson disease, dialysis, ...) that is
// neither refuted nor over.
func (ev *evaluation) hasContext(group string) (*facts.Fact, bool) {
	for i := range ev.st.Facts {
		f := &ev.st.Facts[i]
		if f.Kind == facts.KindCondition && ev.contextCounts(f.Condition, group) {
			return f, true
		}
	}
	return nil, false
}

func (ev *evaluation) contextCounts(c *facts.Condition, group string) bool {
	if over, _ := ev.conditionOver(c); over || c.Verification == facts.VerificationRefuted || c.FamilyHistory ||
		c.Code.Certainty == facts.CertaintyShut {
		return false
	}
	if ev.recordedLater(c) {
		return false
	}
	return ev.inGroup(&c.Code, group)
}

// inGroup reports whether a concept has a code of a group of rls_conditions.tsv.
func (ev *evaluation) inGroup(c *facts.Concept, group string) bool {
	for _, coding := range c.Codings {
		if row, ok := conditions.Find(coding); ok && row.Group == group {
			return true
		}
	}
	return false
}

// rlsWords say how RLS is known: "RLS confirmed, recorded 2026-01-02."
func (ev *evaluation) rlsWords() string {
	when := ev.rls.since.Date(ev.zone)
	if when != "" {
		when = words.Say("rls.when", "date", when)
	}
	switch ev.rls.status {
	case RLSConfirmed:
		return words.Say("rls.confirmed", "when", when)
	case RLSRemission:
		return words.Say("rls.remission", "when", when)
	case RLSPossible:
		return words.Say("rls.possible", "why", ev.rls.words, "when", when)
	default:
		return ""
	}
}
