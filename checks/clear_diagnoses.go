package checks

import (
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms"
)

// Statuses of a diagnosis that are tried. Refuted stands for resolved, too: no check tells them
// apart.
const (
	diagnosisOver   = "refuted"
	diagnosisActive = "active"
)

// diagnoses are those on record with another status: each alone as over or as active, then all that
// name RLS as over, since it is often recorded twice.
func (w *whatIf) diagnoses() (list []trial, cut bool) {
	rls := trial{Change: clears.Change{Kind: clears.Diagnosis, Value: diagnosisOver}, at: w.ev.asOf}
	alone := 0
	for i := range w.st.Facts {
		f := &w.st.Facts[i]
		if f.Kind != facts.KindCondition {
			continue
		}
		over := w.diagnosis(f, diagnosisOver)
		if w.ev.namesRLS(&f.Condition.Code) > terms.CountsNo {
			rls.facts = append(rls.facts, over.facts...)
			rls.Targets = append(rls.Targets, f.Ref)
		}
		if alone++; alone <= mostAlone {
			list = append(list, over, w.diagnosis(f, diagnosisActive))
		}
	}
	if len(rls.facts) > 1 {
		if len(rls.Targets) > clears.MostTargets {
			rls.Targets = nil
		}
		list = append(list, rls)
	}
	return list, alone > mostAlone
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
