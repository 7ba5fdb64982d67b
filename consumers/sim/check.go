package sim

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

const (
	stateSubject = "rls.state.patient."
	flagSubject  = "rls.commit.flags."
	auditSubject = "rls.audit."
)

// check holds what is promised against what the stream has in the end.
func (w *world) check() error {
	inputs := w.inputs
	if w.mutant == lastProcessedWins { // what is wrong with it is that the order matters
		inputs = nil
		for _, in := range w.inputs {
			inputs = append(inputs, w.reversioned(in))
		}
	}
	want := w.replay(inputs, w.asOf())
	got, err := w.states()
	if err != nil {
		return err
	}
	for _, ref := range want.Patients() {
		if got[ref] == nil {
			return fmt.Errorf("%s has no state", ref)
		}
		if err := w.sameState(want.State(ref), got[ref]); err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
	}
	for ref := range got {
		if want.State(ref) == nil {
			return fmt.Errorf("%s has a state, but not in a replay", ref)
		}
	}
	if err := w.shown(got); err != nil {
		return err
	}
	if err := w.history(got); err != nil {
		return err
	}
	if err := w.trailWhole(); err != nil {
		return err
	}
	if err := w.leftHeld(); err != nil {
		return err
	}
	return w.deadLetters()
}

func (w *world) states() (map[facts.Ref]*checks.State, error) {
	all := map[facts.Ref]*checks.State{}
	for subject, seq := range w.server.last {
		if strings.HasPrefix(subject, "rls.state.") && w.stranger(subject, seq) {
			return nil, fmt.Errorf("what stands under %s is foreign", subject)
		}
		if !strings.HasPrefix(subject, stateSubject) {
			continue
		}
		st, err := codec.Decode(w.server.log[seq-1].data)
		if err != nil {
			return nil, err
		}
		if !layout.Erased(st) {
			all[st.Patient] = st
		}
	}
	return all, nil
}

// sameState compares what is decided about a patient, and what it rests on.
func (w *world) sameState(want, got *checks.State) error {
	if got.Ruleset != w.engine.Ruleset {
		return fmt.Errorf("last decided under %s", got.Ruleset)
	}
	if want.Cut != got.Cut {
		return fmt.Errorf("cut: %v, in a replay %v", got.Cut, want.Cut)
	}
	if err := same("facts", w.facts(want), w.facts(got)); err != nil {
		return err
	}
	return same("flags", open(want), open(got))
}

func (w *world) facts(st *checks.State) []facts.Fact {
	all := slices.Clone(st.Facts)
	for i := range all {
		if w.mutant == lastProcessedWins {
			all[i].Version = facts.Version{}
		}
	}
	return all
}

// open are the flags that are open, with a digest of all they say.
func open(st *checks.State) []checks.OpenFlag {
	all := slices.DeleteFunc(slices.Clone(st.Flags), func(f checks.OpenFlag) bool { return f.Severity == checks.None })
	for i := range all {
		all[i].Number = 0
	}
	return all
}

// shown compares what dashboards see in RLS_FLAGS, the newest transition under each subject, with the flags that
// states have open.
func (w *world) shown(states map[facts.Ref]*checks.State) error {
	open := map[string]bool{}
	for ref, st := range states {
		for _, f := range st.Flags {
			if f.Severity != checks.None {
				open[fmt.Sprintf("%s.%s.%s", f.Severity, f.Check, checks.FlagID(w.engine.Key, ref, f.Check,
					f.Ingredient))] = true
			}
		}
	}
	seen, doubt := map[string]bool{}, w.tornFlags()
	maps.DeleteFunc(open, func(name string, _ bool) bool { return doubt[flagOf(name)] })
	w.showSome(len(w.server.log))
	for name, shown := range w.showing.copies {
		switch checks.Change(shown.Header.Get(layout.HeaderTransition)) {
		case checks.ChangeResolved, checks.ChangeMoved:
		default:
			if !doubt[flagOf(name)] {
				seen[name] = true
			}
		}
	}
	if w.rebuilt > 0 { // what a lost state had open and a new one does not is for the session to resolve
		maps.DeleteFunc(seen, func(name string, _ bool) bool { return !open[name] })
	}
	return same("shown", slices.Sorted(maps.Keys(open)), slices.Sorted(maps.Keys(seen)))
}

// same compares; the difference is costly to write, and mostly there is none.
func same[T any](what string, want, got []T) error {
	if len(want) == 0 && len(got) == 0 || reflect.DeepEqual(want, got) {
		return nil
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		return fmt.Errorf("%s differ (-wanted +simulated):\n%s", what, d)
	}
	return nil
}

// flagOf is the id at the end of a subject.
func flagOf(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

// tornFlags are those of which a batch that was cut short may have left a transition behind without
// the state that goes with it. It is shown until the next transition of the flag.
func (w *world) tornFlags() map[string]bool {
	ids := map[string]bool{}
	for i := range w.server.log {
		if m := &w.server.log[i]; m.torn && strings.HasPrefix(m.subject, flagSubject) {
			ids[flagOf(m.subject)] = true
		}
	}
	return ids
}

// history holds that each flag's transitions are numbered 1, 2, 3 and so on in the order in which
// they are stored, that it opens before it resolves, and that its state knows the last number. What
// a torn batch left behind is repeated.
func (w *world) history(states map[facts.Ref]*checks.State) error {
	number, isOpen, torn := map[string]uint64{}, map[string]bool{}, map[string]bool{}
	// the number where torn batches began; what was open before a transition
	from, before := map[string]uint64{}, map[string]bool{}
	for i := range w.server.log {
		m := &w.server.log[i]
		name, ok := strings.CutPrefix(m.subject, auditSubject)
		if !ok {
			continue
		}
		id, n, _ := strings.Cut(name, ".")
		// what batches that were cut short left behind is repeated
		if k, err := strconv.ParseUint(n, 10, 64); err == nil && torn[id] && from[id] < k && k <= number[id] {
			number[id], isOpen[id] = k-1, before[name]
		} else if !torn[id] {
			from[id] = number[id]
		}
		change := checks.Change(m.header.Get(layout.HeaderTransition))
		if k, err := strconv.ParseUint(n, 10, 64); w.rebuilt > 0 && err == nil && k <= number[id] {
			number[id], isOpen[id] = k-1, change != checks.ChangeOpened // a lost state is made again
		}
		torn[id], before[name] = m.torn, isOpen[id]
		if number[id]++; n != strconv.FormatUint(number[id], 10) {
			return fmt.Errorf("flag %s: transition %s after %d", id, n, number[id]-1)
		}
		if was := isOpen[id]; was == (change == checks.ChangeOpened) {
			return fmt.Errorf("flag %s: %s while open is %v", id, change, was)
		}
		isOpen[id] = change != checks.ChangeResolved
		if shown := w.server.log[i-1]; !strings.HasSuffix(shown.subject, id) ||
			shown.header.Get(layout.HeaderNumber) != n {
			return fmt.Errorf("flag %s: transition %s is not shown where it is committed", id, n)
		}
	}
	for ref, st := range states {
		for _, f := range st.Flags {
			id := checks.FlagID(w.engine.Key, ref, f.Check, f.Ingredient)
			if !torn[id] && (number[id] != f.Number || isOpen[id] != (f.Severity != checks.None)) {
				return fmt.Errorf("flag %s: the state says %d, the history %d", id, f.Number, number[id])
			}
			delete(number, id)
		}
	}
	for id := range number {
		if torn[id] || w.rebuilt > 0 {
			continue
		}
		return fmt.Errorf("flag %s has a history but no state", id)
	}
	return nil
}

func (w *world) deadLetters() error {
	rejected := 0
	for _, in := range w.inputs {
		for _, r := range in.Resources {
			if r.Rejection != nil {
				rejected++
			}
		}
	}
	if rejected != len(w.dead) {
		return fmt.Errorf("%d dead letters of %d rejected resources", len(w.dead), rejected)
	}
	return nil
}

func (w *world) transitions() (n int) {
	for i := range w.server.log {
		if strings.HasPrefix(w.server.log[i].subject, flagSubject) {
			n++
		}
	}
	return n
}
