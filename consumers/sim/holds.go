package sim

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

const (
	medicationSubject = "rls.state.medication."
	goneSubject       = "rls.state.gone."
)

// holdsAll notes where an instance that is ready does not know what is stored, as far as it has
// followed: order checks would be answered from less, and what comes next decided.
func (in *instance) holdsAll() {
	w := in.w
	if !in.ready || w.wrong != nil {
		return
	}
	err := in.known.Read(func(v fold.View) error {
		for _, subject := range slices.Sorted(maps.Keys(w.server.last)) {
			seq := w.server.last[subject]
			if seq > uint64(in.followed) || w.server.log[seq-1].foreign || !strings.HasPrefix(subject, "rls.state.") {
				continue
			}
			if err := holds(v, subject, w.server.log[seq-1].data); err != nil {
				return fmt.Errorf("%w, sequence %d", err, seq)
			}
		}
		return nil
	})
	if err != nil {
		w.wrong = fmt.Errorf("%s is ready, but %w", in.name, err)
	}
}

// holds tells what of a stored state a view does not have.
func holds(v fold.View, subject string, data []byte) error {
	kind := subject[:strings.LastIndexByte(subject, '.')+1]
	if kind != stateSubject && kind != medicationSubject && kind != goneSubject {
		return nil
	}
	st, err := codec.Decode(data)
	if err != nil || layout.Erased(st) { // the marker that took the place of something foreign
		return err
	}
	switch kind {
	case stateSubject:
		if !reflect.DeepEqual(v.State(st.Patient), st) {
			return fmt.Errorf("does not hold the state of %s", st.Patient)
		}
		return finds(v, st)
	case medicationSubject:
		if f := v.Medication(st.Facts[0].Ref); f == nil || !reflect.DeepEqual(*f, st.Facts[0]) {
			return fmt.Errorf("does not hold %s", st.Facts[0].Ref)
		}
	case goneSubject:
		if f := v.Gone(st.Facts[0].Ref); f == nil || !reflect.DeepEqual(*f, st.Facts[0]) {
			return fmt.Errorf("does not hold that %s is gone", st.Facts[0].Ref)
		}
	}
	return nil
}

// finds tells what a view does not find by what a state holds and refers to.
func finds(v fold.View, st *checks.State) error {
	for i := range st.Facts {
		f := &st.Facts[i]
		if f.Ref != st.Patient && f.Ref.Type() != "Medication" && !slices.Contains(v.Holders(f.Ref), st.Patient) {
			return fmt.Errorf("does not find %s by %s", st.Patient, f.Ref)
		}
		if f.Kind == facts.KindOrder && f.Order.MedicationRef != "" &&
			!slices.Contains(v.Referrers(f.Order.MedicationRef), st.Patient) {
			return fmt.Errorf("does not find %s by %s", st.Patient, f.Order.MedicationRef)
		}
	}
	return nil
}
