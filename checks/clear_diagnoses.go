package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
)

// Statuses tried for a diagnosis. Refuted also stands for resolved: no check distinguishes them.
const (
	diagnosisOver   = "refuted"
	diagnosisActive = "active"
)

// diagnoses tries those on record with another status: each alone as over and as active, then all
// that name RLS as over, since RLS is often recorded twice. If there are many, only those behind
// the flag are tried.
func (w *whatIf) diagnoses(f *Flag) (list []trial, cut bool) {
	n := 0
	for i := range w.st.Facts {
		if w.st.Facts[i].Kind == facts.KindCondition {
			n++
		}
	}
	rls := trial{Change: clears.Change{Kind: clears.Diagnosis, Value: diagnosisOver}, at: w.ev.asOf}
	for i := range w.st.Facts {
		d := &w.st.Facts[i]
		if d.Kind != facts.KindCondition {
			continue
		}
		over := w.diagnosis(d, diagnosisOver)
		if w.ev.namesRLS(&d.Condition.Code) > conditions.CountsNo {
			rls.facts = append(rls.facts, over.facts...)
			rls.Targets = append(rls.Targets, d.Ref)
		}
		if _, behind := slices.BinarySearch(f.Evidence, d.Ref); n <= mostAlone || behind && len(list) < mostAlone {
			list = append(list, over, w.diagnosis(d, diagnosisActive))
		}
	}
	if len(rls.facts) > 1 {
		if len(rls.Targets) > clears.MostTargets {
			rls.Targets = nil
		}
		list = append(list, rls)
	}
	return list, n > mostAlone
}

func (w *whatIf) diagnosis(f *facts.Fact, status string) trial {
	changed, c := *f, *f.Condition
	changed.Condition = &c
	switch status {
	case diagnosisOver:
		c.Verification = facts.VerificationRefuted
	default:
		c.Verification, c.Clinical = facts.VerificationConfirmed, facts.ClinicalActive
		c.Abatement, c.AbatementEnd, c.AbatedFlag = moment.Time{}, moment.Time{}, false
	}
	return trial{
		Change: clears.Change{Kind: clears.Diagnosis, Targets: []facts.Ref{f.Ref}, Value: status},
		facts:  []facts.Fact{changed}, at: w.ev.asOf,
	}
}
