package fold

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// fewFacts are limits that a handful of events exceed again and again.
func fewFacts(t *rapid.T) checks.FactLimits {
	few := func(name string) int { return rapid.IntRange(1, 3).Draw(t, name) }
	return checks.FactLimits{
		Conditions: few("conditions"),
		Orders:     few("orders"),
		Results:    few("results"),
		Answers:    1,
		Others:     1,
		Marks:      few("marks"),
	}
}

func result(ref facts.Ref, loinc, value string) facts.Fact {
	q := facts.Quantity{Value: value, Unit: "ng/mL", Code: "ng/mL", System: codes.UCUM}
	return facts.Fact{
		Ref:  ref,
		Kind: facts.KindLab,
		Lab: &facts.LabResult{Status: facts.LabFinal, Loincs: []string{loinc},
			Value: facts.Value{
				Kind:     facts.QuantityValue,
				Quantity: q,
			}, Effective: facts.Period{Start: moment.Instant(asOf.AddDate(0, 0, -30))}},
	}
}

// drawnAnalytes are those of the drawn results; a resource keeps its analyte.
var drawnAnalytes = []string{"2276-4", "2502-3", "29463-7"}

// manyVersions draws versions of few resources of each kind, of two patients: contents, and marks
// with and without a patient, of any version.
func manyVersions(t *rapid.T) (all []Input) {
	for seq := range rapid.IntRange(1, 24).Draw(t, "events") {
		p := rapid.SampledFrom([]facts.Ref{"Patient/A", "Patient/A", "Patient/A", "Patient/B"}).Draw(t, "patient")
		id := rapid.IntRange(1, 5).Draw(t, "id")
		var f facts.Fact
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 2:
			f = facts.Fact{
				Ref:             facts.Ref(fmt.Sprintf("DetectedIssue/%d", id)),
				Kind:            facts.KindAcknowledgement,
				Acknowledgement: &facts.Acknowledgement{FlagID: "x"},
			}
		case 3:
			f = facts.Fact{Ref: p, Kind: facts.KindPatient, Person: &facts.Person{Sex: facts.Female}}
		case 0:
			f = condition(facts.Ref(fmt.Sprintf("Condition/%d", id)))
		case 1:
			f = result(
				facts.Ref(fmt.Sprintf("Observation/%d", id)),
				drawnAnalytes[id%len(drawnAnalytes)],
				fmt.Sprint(20*id),
			)
			if id == 5 { // a panel
				f.Lab.Components = []facts.Component{{Loincs: drawnAnalytes[:1], Value: f.Lab.Value}}
			}
		default:
			f = order(
				facts.Ref(fmt.Sprintf("MedicationRequest/%d", id)),
				rapid.SampledFrom(drugNames).Draw(t, "drug"),
				"",
			)
		}
		switch rapid.IntRange(0, 7).Draw(t, "mark") {
		case 0:
			f = mark(f.Ref, facts.MarkEnteredInError)
		case 1:
			f = mark(f.Ref, facts.MarkOther)
		case 2:
			f, p = mark(f.Ref, facts.MarkDeleted), ""
		}
		f = versioned(
			f,
			rapid.Int64Range(0, 4).Draw(t, "updated"),
			rapid.SampledFrom([]string{"", "1", "2", "10"}).Draw(t, "number"),
		)
		all = append(all, arrives(uint64(seq+1), p, f))
	}
	return all
}

// states are facts and what was told of them, without the history of flags.
func states(m *Memory) map[facts.Ref]checks.State {
	all := map[facts.Ref]checks.State{}
	for ref, st := range m.States {
		all[ref] = checks.State{Facts: st.Facts, Cut: st.Cut}
	}
	return all
}

// What is cut, what stays, what counts and what is told do not depend on the order of events, their
// repetition or batches, including deletions, withdrawals and moves.
func TestLimitsOfAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := manyVersions(t)
		e := engine()
		e.Settings.Facts = fewFacts(t)
		want, _ := run(e, all)
		got, history := run(e, shuffled(t, all)...)
		if d := gocmp.Diff(states(want), states(got), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("states differ (-in order +shuffled):\n%s", d)
		}
		if d := gocmp.Diff(open(e, want), open(e, got), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("flags differ (-in order +shuffled):\n%s", d)
		}
		if err := consistent(history); err != nil {
			t.Fatal(err)
		}
		c, _ := e.Step(got, all, asOf)
		if !c.empty() {
			t.Fatalf("a redelivery changes %d patients", len(c.Patients))
		}
		if c := e.Heal(got, got.Patients(), asOf); !c.empty() {
			t.Fatalf("healing changes %d patients", len(c.Patients))
		}
	})
}

// The newest of each kind stay, whatever the others bring, and the state says which kinds were cut.
func TestTheNewestOfEachKindStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := engine()
		e.Settings.Facts = fewFacts(t)
		limit := map[string]int{
			"Condition":         e.Settings.Facts.Conditions,
			"MedicationRequest": e.Settings.Facts.Orders,
			"Observation":       e.Settings.Facts.Results,
		}
		newest := map[facts.Ref]facts.Version{}
		var all []Input
		for seq := range rapid.IntRange(1, 30).Draw(t, "events") {
			id := rapid.IntRange(1, 8).Draw(t, "id")
			f := rapid.SampledFrom(
				[]facts.Fact{
					condition(facts.Ref(fmt.Sprintf("Condition/%d", id))),
					result(facts.Ref(fmt.Sprintf("Observation/%d", id)), "29463-7", "70"),
					order(facts.Ref(fmt.Sprintf("MedicationRequest/%d", id)), "sertraline", ""),
				},
			).Draw(
				t,
				"fact",
			)
			in := arrives(uint64(seq+1), "Patient/A", versioned(f, rapid.Int64Range(0, 9).Draw(t, "updated"), ""))
			v := in.Resources[0].Fact.Version
			v.Arrival = in.Arrival
			if had, some := newest[f.Ref]; !some || had.Compare(v) < 0 {
				newest[f.Ref] = v
			}
			all = append(all, in)
		}
		m, _ := run(e, shuffled(t, all)...)
		var want []facts.Ref
		var cut []string
		for kind, most := range limit {
			var refs []facts.Ref
			for ref := range newest {
				if ref.Type() == kind {
					refs = append(refs, ref)
				}
			}
			slices.SortFunc(
				refs,
				func(a, b facts.Ref) int { return cmp.Or(newest[b].Compare(newest[a]), cmp.Compare(b, a)) },
			)
			if len(refs) > most {
				refs = refs[:most]
				cut = append(
					cut,
					map[string]string{"Condition": "conditions", "MedicationRequest": "orders",
						"Observation": "body-weight"}[kind],
				)
			}
			want = append(want, refs...)
		}
		slices.Sort(want)
		slices.Sort(cut)
		var got []facts.Ref
		for _, f := range m.State("Patient/A").Facts {
			got = append(got, f.Ref)
		}
		told := slices.Sorted(slices.Values(m.State("Patient/A").Cut.Kinds()))
		if d := gocmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("facts (-want +got):\n%s", d)
		}
		if d := gocmp.Diff(cut, told, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("told (-want +got):\n%s", d)
		}
	})
}

// BenchmarkLimit folds one event at a time into a patient at the limit of orders, and one with as
// many older weights besides: neither may cost more than an event of a patient just below.
func BenchmarkLimit(b *testing.B) {
	for _, n := range []int{1000, 1999, 2001, 20_000} {
		b.Run(fmt.Sprintf("orders=%d", n), func(b *testing.B) {
			e := engine()
			r := NewReplay(e)
			for i := range n {
				r.Fold(
					arrives(
						uint64(i+1),
						"Patient/A",
						order(facts.Ref(fmt.Sprintf("MedicationRequest/%d", i)), "paracetamol", ""),
					),
				)
			}
			m := r.Finish(asOf)
			seq := uint64(n)
			b.ReportAllocs()
			for b.Loop() {
				seq++
				e.Step(
					m,
					[]Input{
						arrives(
							seq,
							"Patient/A",
							order(facts.Ref(fmt.Sprintf("MedicationRequest/%d", seq)), "paracetamol", ""),
						),
					},
					asOf,
				)
			}
		})
	}
}
