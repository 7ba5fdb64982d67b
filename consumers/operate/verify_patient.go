package operate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// patientFound is what was found about one patient.
type patientFound struct {
	token string
	open  int
	flags []string // ids of all flags that the state has
	diffs []Difference
}

func (p *patientFound) tell(kind DifferenceKind, check, flag, detail string) {
	p.diffs = append(p.diffs, Difference{Kind: kind, Token: p.token, Flag: flag, Check: check, Detail: detail})
}

// comparePatient decides about the state in a slot again, and compares. It only reads, so that many
// can be looked at beside each other.
func (v *verification) comparePatient(slot commit.Slot) (found patientFound) {
	tok, seq, data := v.states.At(slot)
	found.token = tok.String()
	st, err := codec.Decode(data)
	if err != nil { // it was decoded when it was read
		found.tell(StateDamaged, "", "", err.Error())
		return found
	}
	defer func() {
		if p := recover(); p != nil {
			found.tell(FlagDiffers, "", "", fmt.Sprintf("evaluation failed: %T", p)) // the value may hold facts
		}
	}()
	if v.tokens.Of(st.Patient) != tok {
		found.tell(
			StateDamaged,
			"",
			"",
			fmt.Sprintf("sequence %d of %s is the state of another patient", seq, layout.StreamRLS),
		)
		return found
	}
	v.decisions(&found, st)
	for i := range st.Flags {
		v.transitions(&found, st.Patient, &st.Flags[i])
	}
	v.timer(&found, tok, st)
	return found
}

// decisions compares the flags of a state with those that its facts give.
func (v *verification) decisions(found *patientFound, st *checks.State) {
	again, settled := v.opt.Engine.Again(v.states.View(), st.Patient, v.opt.AsOf)
	if !settled {
		found.tell(FactsDiffer, "", "", "other states know newer versions of what it refers to")
	}
	for _, f := range again {
		if f.Change == checks.ChangeMoved {
			continue // another transition says what it became
		}
		was := "no such flag open"
		for i := range st.Flags {
			if k := &st.Flags[i]; k.Check == f.Check && k.Ingredient == f.Ingredient && k.Severity != checks.None {
				was = "it open, " + k.Severity.String()
			}
		}
		now := f.Severity.String()
		if f.State == checks.Resolved {
			now = "nothing"
		}
		found.tell(
			FlagDiffers,
			f.Check,
			f.ID,
			fmt.Sprintf("the facts give %s, the state has %s (it would be %s)", now, was, f.Change),
		)
	}
}

// transitions compares a flag of a state with what was published of it.
func (v *verification) transitions(found *patientFound, patient facts.Ref, k *checks.OpenFlag) {
	id := checks.FlagID(v.opt.Engine.Key, patient, k.Check, k.Ingredient)
	found.flags = append(found.flags, id)
	if k.Severity != checks.None {
		found.open++
	}
	// What RLS_FLAGS shows and RLS_AUDIT holds leaves RLS.
	if p := v.committed[id]; p != nil {
		if detail := differs(k, p); detail != "" {
			found.tell(CommitDiffers, k.Check, id, detail)
		}
	}
	if detail := differs(k, v.shown[id]); detail != "" {
		found.tell(ShownDiffers, k.Check, id, detail)
	}
	if detail := auditDiffers(k, numbersOf(v.audit[id])); detail != "" {
		found.tell(AuditDiffers, k.Check, id, detail)
	}
}

// timer looks whether one is set where time alone changes something.
func (v *verification) timer(found *patientFound, tok layout.Token, st *checks.State) {
	if v.site.AsOf != "" || v.site.Rearm {
		return
	}
	next, some := checks.NextChange(st, v.opt.Engine.Settings, v.opt.AsOf)
	if _, set := v.timers[tok]; some && !set {
		found.tell(TimerMissing, "", "", "something has to be looked at on "+next.UTC().Format("2006-01-02T15:04:05Z"))
	}
}

// differs compares a flag of a state with its newest transition in a stream; "" is the same. A
// resolved one may have left.
func differs(k *checks.OpenFlag, p *lastPublished) string {
	switch {
	case p == nil && k.Severity == checks.None:
		return ""
	case p == nil:
		return fmt.Sprintf("the state has it open, %s, and it was not published", k.Severity)
	case p.number != k.Number:
		return fmt.Sprintf("the state is at transition %d, what was published at %d", k.Number, p.number)
	case p.open != (k.Severity != checks.None), p.open && p.severity != k.Severity:
		return fmt.Sprintf("the state has %s, what was published says %s", severityWord(k.Severity), publishedWord(p))
	case p.open && p.digest != k.Digest:
		return "what was published says something else than the state"
	case p.stale:
		return "an older transition still shows it open under another severity"
	}
	return ""
}

func publishedWord(p *lastPublished) string {
	if !p.open {
		return "resolved"
	}
	return p.severity.String()
}

// auditDiffers looks for holes: the oldest transitions expire, those between do not.
func auditDiffers(k *checks.OpenFlag, a *numbers) string {
	switch {
	case a == nil:
		return ""
	case a.most != k.Number:
		return fmt.Sprintf("the state is at transition %d, the audit ends at %d", k.Number, a.most)
	case a.most-a.least+1 != a.count:
		return fmt.Sprintf("%d of the transitions %d to %d are missing", a.most-a.least+1-a.count, a.least, a.most)
	}
	return ""
}

// takePatient adds what was found about one patient to all.
func (v *verification) takePatient(p *patientFound) {
	v.sum.Patients++
	v.sum.Flags += p.open
	v.found = append(v.found, p.diffs...)
	for _, id := range p.flags {
		for _, stream := range []map[string]*lastPublished{v.committed, v.shown} {
			if f := stream[id]; f != nil {
				f.known = true
			}
		}
	}
}

// orphans are flags that were published as open and that no state has.
func (v *verification) orphans() {
	var found []Difference
	for id, p := range v.committed {
		if p.open && !p.known {
			found = append(
				found,
				Difference{
					Kind:   CommitDiffers,
					Flag:   id,
					Check:  p.check,
					Detail: "it was published as open, and no state has it",
				},
			)
		}
	}
	for id, p := range v.shown {
		if p.open && !p.known {
			found = append(
				found,
				Difference{
					Kind:   ShownDiffers,
					Flag:   id,
					Check:  p.check,
					Detail: "it is shown as open, and no state has it",
				},
			)
		}
	}
	slices.SortFunc(
		found,
		func(a, b Difference) int { return cmp.Or(cmp.Compare(a.Flag, b.Flag), cmp.Compare(a.Kind, b.Kind)) },
	)
	v.found = append(v.found, found...)
}
