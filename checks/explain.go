package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/silence"
)

// explainNoRLS says of a patient with orders why RLS does not count.
func (ev *evaluation) explainNoRLS() {
	why := ev.rls.silence
	if why == "" {
		why = silence.NoRLS
	}
	ev.quiet(nil, "", "", why, ev.rls.detail)
}

// explainOrders says why orders do not count, and which drugs no check covers.
func (ev *evaluation) explainOrders() {
	if !ev.explain {
		return
	}
	for i := range ev.orders {
		o := &ev.orders[i]
		if !o.counts {
			ev.quiet(o, "", "", o.silence, o.detail)
			continue
		}
		if o.drug.identified && len(o.drug.match.Found) == 0 {
			ev.quietOther(o)
		}
	}
	for i := range ev.exposures {
		x := &ev.exposures[i]
		if _, depresses := depressants[x.Class]; !depresses && !ev.concerned(x) {
			ev.quiet(x.orderView, "", x.Name, silence.NoCheck, string(x.Class))
		}
	}
	for i := range ev.st.Facts {
		f := &ev.st.Facts[i]
		if f.Kind == facts.KindMark && f.Mark != facts.MarkOther {
			why := silence.Withdrawn
			if f.Mark == facts.MarkMoved {
				why = silence.Moved
			}
			ev.silences = append(ev.silences, Silence{Patient: ev.st.Patient, Order: f.Ref, Reason: why})
		}
	}
}

// quietOther says how an order is known to be for another drug, or that only its name says so.
func (ev *evaluation) quietOther(o *orderView) {
	m := &o.drug.match
	if m.Known == "" && m.NotKnown != "" {
		ev.quiet(o, "", "", silence.UnknownCode, m.NotKnown)
		return
	}
	ev.quiet(o, "", "", silence.Ordinary, m.Known)
}

func (ev *evaluation) concerned(x *exposure) bool {
	for _, c := range Catalogue() {
		if slices.Contains(c.Classes, x.Class) {
			return true
		}
	}
	return false
}
