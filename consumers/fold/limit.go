package fold

import (
	"reflect"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// limited is what a fold knows about the limits of a patient's facts.
type limited struct {
	grown   bool // facts came since the last cut
	roof    int  // number of facts at which they are cut at once
	trimmed checks.Trimmed
	looked  bool // trimmed is of this patient
	// reformed: a fact got another form because of what is known of others, possibly its original
	// form.
	reformed bool
	shed     bool // some facts were cut
}

// Whole makes the fold cut nothing: for a question, which brings little and is not stored.
func (f *Fold) Whole() *Fold {
	f.whole = true
	return f
}

// roof is how many facts a patient may have before a cut in the middle of a fold.
func roof(st *checks.State) int { return 2*len(st.Facts) + 1000 }

// refuses reports whether fact, of a resource new to the patient, would be cut at once.
func (f *Fold) refuses(p *patient, fact *facts.Fact) bool {
	if p.st.Cut == 0 || f.whole {
		return false
	}
	if !p.looked {
		f.trim(p)
	}
	return p.trimmed.Refuses(fact, f.e.Settings)
}

// trim cuts p's facts to the limits.
func (f *Fold) trim(p *patient) {
	p.own()
	p.trimmed, p.looked = p.st.Trim(f.e.Settings), true
	p.roof = roof(p.st)
	if len(p.trimmed.Gone)+len(p.trimmed.Changed) == 0 {
		return
	}
	p.touched, p.changed, p.grown, p.shed = true, true, true, true
	for _, refs := range [][]facts.Ref{p.trimmed.Gone, p.trimmed.Changed} {
		for _, ref := range refs {
			f.lost[ref] = struct{}{}
			f.forgot(p.st.Patient, ref)
		}
	}
}

// limit cuts a patient's facts, and informs the other holders of a cut resource. Versions alone
// decide which facts stay, so no other patient's facts need cutting after that.
func (f *Fold) limit(ref facts.Ref) {
	p := f.patients[ref]
	if !p.grown || f.whole {
		return
	}
	f.trim(p)
	if p.grown = false; p.st.Cut == 0 && !p.reformed {
		return
	}
	// What came may be what was cut.
	p.changed = p.old == nil || p.old.Cut != p.st.Cut || !sameFacts(p.old.Facts, p.st.Facts)
}

// sameFacts compares; unchanged facts share what they point to.
func sameFacts(a, b []facts.Fact) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if x, y := &a[i], &b[i]; x.Ref != y.Ref || x.Version != y.Version || !shared(x, y) && !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}

// shared reports whether two facts are the same without comparing their content.
func shared(a, b *facts.Fact) bool {
	return a.Kind == b.Kind && a.Mark == b.Mark && a.Kept == b.Kept && a.Order == b.Order && a.Lab == b.Lab &&
		a.Condition == b.Condition && a.Medication == b.Medication && a.Person == b.Person &&
		a.Acknowledgement == b.Acknowledgement
}
