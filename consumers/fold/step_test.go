package fold

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir"
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// everyFact is what a store knows, without the history of flags, which depends on the order.
func everyFact(m *Memory) map[facts.Ref][]facts.Fact {
	all := map[facts.Ref][]facts.Fact{}
	for ref, st := range m.States {
		all[ref] = st.Facts
	}
	return all
}

// open are the flags open in the end, without what depends on the order.
func open(e *Engine, m *Memory) []checks.Flag {
	var all []checks.Flag
	for _, ref := range m.Patients() {
		all = append(all, checks.OpenFlags(m.State(ref), e.Settings, e.Key, e.Ruleset, asOf)...)
	}
	for i := range all {
		all[i].Number, all[i].Change = 0, ""
	}
	return all
}

func run(e *Engine, batches ...[]Input) (*Memory, []checks.Flag) {
	m := NewMemory()
	var history []checks.Flag
	for _, b := range batches {
		c, _ := e.Step(m, b, asOf)
		m.apply(c)
		history = append(history, c.transitions()...)
		for len(c.Later) > 0 {
			some := c.Later[:min(2, len(c.Later))]
			more := e.Heal(m, some, asOf)
			m.apply(more)
			history = append(history, more.transitions()...)
			c.Later = c.Later[len(some):]
		}
	}
	return m, history
}

// consistent says what is wrong with a history: numbers count up from 1 for each flag, and a flag
// opens before it is resolved.
func consistent(history []checks.Flag) error {
	number, isOpen := map[string]uint64{}, map[string]bool{}
	for _, f := range history {
		if number[f.ID]++; f.Number != number[f.ID] {
			return fmt.Errorf("%s %s: number %d after %d", f.Check, f.Change, f.Number, number[f.ID]-1)
		}
		switch f.Change {
		case checks.ChangeOpened:
			if isOpen[f.ID] {
				return fmt.Errorf("%s opened twice", f.Check)
			}
			isOpen[f.ID] = true
		case checks.ChangeResolved:
			if !isOpen[f.ID] {
				return fmt.Errorf("%s resolved but not open", f.Check)
			}
			isOpen[f.ID] = false
		}
	}
	return nil
}

func TestOrderRepetitionAndBatchesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := events(t)
		want, _ := run(engine(), all)
		e := engine()
		e.MaxTouch = rapid.IntRange(0, 2).Draw(t, "max touch")
		got, history := run(e, shuffled(t, all)...)
		if d := cmp.Diff(everyFact(want), everyFact(got), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("facts differ (-in order +shuffled):\n%s", d)
		}
		if d := cmp.Diff(open(e, want), open(e, got), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("flags differ (-in order +shuffled):\n%s", d)
		}
		if err := consistent(history); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFoldThenDecideIsStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := events(t)
		e := engine()
		want, _ := run(e, all)
		r := NewReplay(e)
		for _, b := range shuffled(t, all) {
			for _, in := range b {
				r.Fold(in)
			}
		}
		if d := cmp.Diff(everyFact(want), everyFact(r.Finish(asOf)), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("facts differ (-step +fold):\n%s", d)
		}
	})
}

func TestRedeliveryChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := events(t)
		e := engine()
		m, _ := run(e, all)
		c, results := e.Step(m, all, asOf)
		if !c.empty() {
			t.Fatalf(
				"a redelivery changes %d patients, %d medications, %d tombstones",
				len(c.Patients),
				len(c.Medications),
				len(c.Gone),
			)
		}
		for _, r := range results {
			if r.Outcome != Unchanged {
				t.Fatalf("%s again: %s", r.Type, r.Outcome)
			}
		}
	})
}

func TestStatesOfTheViewStayAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := events(t)
		half := len(all) / 2
		e := engine()
		m, _ := run(e, all[:half])
		before := map[facts.Ref]checks.State{}
		for ref, st := range m.States {
			c := *st
			c.Facts, c.Flags = slices.Clone(c.Facts), slices.Clone(c.Flags)
			before[ref] = c
		}
		e.Step(m, all[half:], asOf)
		after := map[facts.Ref]checks.State{}
		for ref, st := range m.States {
			after[ref] = *st
		}
		if d := cmp.Diff(before, after); d != "" {
			t.Fatalf("Step changed what it was shown:\n%s", d)
		}
	})
}

// Healing turns the states of two instances that did not see each other's last writes into those of
// one instance.
func TestHealing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := events(t)
		e := engine()
		want, _ := run(e, all)
		cutAt := rapid.IntRange(0, len(all)).Draw(t, "seen by both")
		m, _ := run(e, all[:cutAt])
		old, _ := run(e, all[:cutAt])
		for _, in := range all[cutAt:] { // each is decided on the old view, and refused if written since
			c, _ := e.Step(old, []Input{in}, asOf)
			if conflict(old, m, c) {
				c, _ = e.Step(m, []Input{in}, asOf)
			}
			m.apply(c)
		}
		m.apply(e.Heal(m, m.Patients(), asOf))
		for _, ref := range m.Patients() {
			if d := cmp.Diff(live(want.State(ref)), live(m.State(ref)), cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("%s differs (-one instance +healed):\n%s", ref, d)
			}
		}
	})
}

// conflict reports whether a commit made on old would now be refused, because what it writes has
// changed since.
func conflict(old, now *Memory, c Commit) bool {
	for _, p := range c.Patients {
		was, is := old.State(p.State.Patient), now.State(p.State.Patient)
		if !cmp.Equal(was, is) {
			return true
		}
	}
	for _, f := range c.Medications {
		if !cmp.Equal(old.Medication(f.Ref), now.Medication(f.Ref)) {
			return true
		}
	}
	for _, f := range c.Gone {
		if !cmp.Equal(old.Gone(f.Ref), now.Gone(f.Ref)) {
			return true
		}
	}
	return false
}

// live are the facts that are more than marks, which only keep older versions out.
func live(st *checks.State) []facts.Fact {
	if st == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(st.Facts), func(f facts.Fact) bool { return f.Kind == facts.KindMark })
}

func TestOutcomes(t *testing.T) {
	bad := Input{Resources: []fhir.Resource{
		{
			Rejection: &fhir.Rejection{
				Reason:  fhir.NoPatient,
				Pointer: "/entry/1/resource/subject",
				Detail:  "no subject",
			},
			Pointer: "/entry/1/resource",
		},
		{Type: "Encounter"},
		arrives(0, "Patient/A", order("MedicationRequest/1", "sertraline", "")).Resources[0]}}
	silenced := arrives(
		1,
		"Patient/A",
		facts.Fact{Ref: "DetectedIssue/1", Kind: facts.KindAcknowledgement, Acknowledgement: &facts.Acknowledgement{}},
	)
	silenced.AllowAck = false
	waits := arrives(2, "Patient/A", order("MedicationRequest/1", "", "Medication/1"))
	comes := arrives(3, "", medication("Medication/1", "sertraline"))
	renewed := arrives(4, "", medication("Medication/1", "sertraline"))
	newer := arrives(5, "Patient/B", versioned(order("MedicationRequest/1", "sertraline", ""), 2, ""))
	late := arrives(6, "Patient/C", versioned(order("MedicationRequest/1", "sertraline", ""), 1, ""))
	tests := []struct {
		name string
		in   []Input
		want []Outcome
	}{
		{"a bad entry is rejected alone", []Input{bad}, []Outcome{Rejected, Irrelevant, Applied}},
		{"an acknowledgement needs permission", []Input{silenced}, []Outcome{Irrelevant}},
		{"waiting, then unchanged", []Input{waits, waits}, []Outcome{Waiting, Unchanged}},
		{"known Medication", []Input{comes, waits}, []Outcome{Applied, Applied}},
		{"same content again", []Input{comes, renewed}, []Outcome{Applied, Unchanged}},
		{"older version of another patient", []Input{newer, late}, []Outcome{Applied, Unchanged}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, results := engine().Step(NewMemory(), tt.in, asOf)
			var got []Outcome
			for _, r := range results {
				got = append(got, r.Outcome)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestMedicationReachesThroughIngredients(t *testing.T) {
	m, _ := run(engine(),
		[]Input{arrives(1, "Patient/A", order("MedicationRequest/1", "", "Medication/kit"))},
		[]Input{arrives(2, "", medication("Medication/kit", "kit", "Medication/part", "Medication/kit"))},
		[]Input{arrives(3, "", medication("Medication/part", "sertraline"))},
		[]Input{arrives(4, "", medication("Medication/other", "lithium"))})
	var got []facts.Ref
	for _, f := range m.State("Patient/A").Facts {
		got = append(got, f.Ref)
	}
	want := []facts.Ref{"Medication/kit", "Medication/part", "MedicationRequest/1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := slices.Sorted(maps.Keys(m.medications)); len(got) != 3 {
		t.Errorf("medications kept: %v", got)
	}
}
