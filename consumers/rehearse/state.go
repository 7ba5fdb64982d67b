package rehearse

import (
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// Sides decides about stored facts under two settings.
type Sides struct {
	Before, After *checks.Settings
	AsOf          time.Time
}

// Patient decides about one patient on both sides. Acknowledgements do not count: they answer
// flags, and open or close none. after is what the other side knows of the patient; nil if it does
// not know the patient.
func (s *Sides) Patient(before, after *checks.State) Patient {
	p := Patient{}
	if after != nil {
		p.Ref, p.Orders = after.Patient, orders(after)
		p.After = flagsOf(checks.Evaluate(after, s.After, s.AsOf))
		p.SilentAfter = func(f Flag) string { return checks.Why(after, s.After, s.AsOf, f.Check, f.Ingredient) }
	}
	if before != nil {
		p.Ref, p.Orders = before.Patient, orders(before)
		p.Before = flagsOf(checks.Evaluate(before, s.Before, s.AsOf))
		p.SilentBefore = func(f Flag) string { return checks.Why(before, s.Before, s.AsOf, f.Check, f.Ingredient) }
	}
	return p
}

func orders(st *checks.State) (n int) {
	for i := range st.Facts {
		if st.Facts[i].Kind == facts.KindOrder {
			n++
		}
	}
	return n
}
