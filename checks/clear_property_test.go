package checks

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/exercise"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/words"
)

var factWords = []string{"person", "rls", "condition", "request", "dispense", "statement", "lab", "medication"}

// scenarioFacts are all fact lines in testdata/scenarios, to be recombined, and lines of kinds that
// are rare there.
func scenarioFacts(t *testing.T) (lines []string) {
	t.Helper()
	files, _ := filepath.Glob("testdata/scenarios/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if slices.Contains(factWords, word) {
				lines = append(lines, strings.TrimSpace(line))
			}
		}
	}
	slices.Sort(lines)
	return append(slices.Compact(lines),
		`request active diphenhydramine 2026-10-14`, `request active absent 2026-10-14 medication:Medication/9`,
		`request active "gabapentin enacarbil" 2026-10-14 dose:1200mg daily:1`,
		`request active "pregabalin 150 mg capsule" 2026-10-14 dose:150mg daily:3`,
		`lab creatinine 3 mg/dL 2026-11-20`, `lab egfr 20 mL/min/{1.73_m2} 2026-11-21`, `lab egfr 20 - 2026-11-22`,
		`lab ferritin 150 - 2026-11-01`, `lab tsat 25 furlong 2026-11-01`,
		`rls confirmed`, `rls confirmed recorded 2025-02-03`,
		`condition http://snomed.info/sct 49049000 resolved`, `condition http://snomed.info/sct 49049000 refuted`,
	)
}

func drawState(r *rapid.T, t *testing.T, lines []string) *scenario {
	text := "# drawn\nrls confirmed\n"
	for range rapid.IntRange(1, 9).Draw(r, "n") {
		text += rapid.SampledFrom(lines).Draw(r, "line") + "\n"
	}
	return parseScenarios(t, text)[0]
}

func clearsOf(s *scenario, set *Settings) []Flag {
	flags := OpenFlags(&s.st, set, []byte("key"), "rules", s.AsOf)
	AddClears(&s.st, set, s.AsOf, flags)
	return flags
}

func everyoneOrNot(r *rapid.T) *Settings {
	set := DefaultSettings()
	set.Everyone = rapid.Bool().Draw(r, "everyone")
	return set
}

// Making a listed change, in any way it allows, clears the flag.
func TestAListedChangeClears(t *testing.T) {
	lines := scenarioFacts(t)
	rapid.Check(t, func(r *rapid.T) {
		s, set := drawState(r, t, lines), everyoneOrNot(r)
		for _, f := range clearsOf(s, set) {
			for i := range f.Clears {
				c := &f.Clears[i]
				st, at := applied(r, s, &f, c)
				if isOpen(st, set, at, &f) {
					r.Fatalf("%s %s is open after %+v", f.Check, f.Ingredient, c)
				}
				holdsToWording(r, c)
			}
		}
	})
}

// The same for the scenarios as they are; one of them shows each kind of each check.
func TestEachKindOfTheTableHasAScenario(t *testing.T) {
	seen := map[string]bool{}
	eachScenario(t, func(s *scenario) {
		for _, f := range clearsOf(s, DefaultSettings()) {
			for _, c := range f.Clears {
				seen[f.Check+" "+string(c.Kind)] = true
			}
		}
	})
	for _, c := range Catalogue() {
		if len(clears.Of(c.ID)) == 0 {
			t.Errorf("the table has no kinds for %s", c.ID)
		}
		for _, kind := range clears.Of(c.ID) {
			if !seen[c.ID+" "+string(kind)] {
				t.Errorf("no scenario in which %s is cleared by %s", c.ID, kind)
			}
		}
	}
}

// holdsToWording: a state of the record, in one fragment, and no instruction.
func holdsToWording(r *rapid.T, c *clears.Change) {
	if w := ordersAnEnd.FindString(c.Text); w != "" {
		r.Fatalf("%q says %q", c.Text, w)
	}
	if c.Text == "" || strings.ContainsAny(c.Text, "{}") || strings.Contains(c.Text, "  ") ||
		strings.HasSuffix(c.Text, ".") {
		r.Fatalf("badly set: %q", c.Text)
	}
}

func isOpen(st *State, set *Settings, at time.Time, f *Flag) bool {
	return slices.ContainsFunc(Evaluate(st, set, at), func(now Finding) bool {
		return now.Check == f.Check && now.Ingredient == f.Ingredient
	})
}

// applied is the state after a change, and when to look, from what the change says alone.
func applied(r *rapid.T, s *scenario, f *Flag, c *clears.Change) (*State, time.Time) {
	st := &State{Patient: s.st.Patient, Facts: slices.Clone(s.st.Facts)}
	at := s.AsOf
	switch c.Kind {
	case clears.Lab:
		today := s.AsOf.Truncate(24 * time.Hour)
		first := today.AddDate(0, 0, -c.Days)
		if from, err := time.Parse(time.DateOnly, c.From); err == nil && from.After(first) {
			first = from
		}
		span := max(int(today.Sub(first).Hours()/24), 0)
		day := first.AddDate(0, 0, rapid.IntRange(0, span).Draw(r, "day"))
		if day.After(at) {
			at = day
		}
		for i, result := range c.Results {
			st.Merge(resultOf(r, fmt.Sprintf("Observation/new%d", i), result, day))
		}
	case clears.OrderEnd:
		at = at.AddDate(0, 0, c.Days)
		eachTarget(st, c, func(o *facts.Order, fact *facts.Fact) {
			fact.Version.Updated, o.Status = s.AsOf.UnixNano(), facts.StatusStopped
			if c.Value != "" {
				o.Status = facts.StatusCancelled
			}
		})
	case clears.Route:
		eachTarget(st, c, func(o *facts.Order, _ *facts.Fact) {
			o.Dosages = slices.Clone(o.Dosages)
			if len(o.Dosages) == 0 {
				o.Dosages = make([]facts.Dosage, 1)
			}
			for i := range o.Dosages {
				o.Dosages[i].Route = facts.Concept{Texts: []string{c.Value}}
			}
		})
	case clears.Reason:
		reason := facts.Concept{Codings: []codes.Coding{{System: codes.SNOMED, Code: c.Value}}}
		eachTarget(st, c, func(o *facts.Order, _ *facts.Fact) { o.Reasons = append(slices.Clip(o.Reasons), reason) })
	case clears.Dose:
		said := map[facts.OrderKind]bool{}
		eachTarget(st, c, func(o *facts.Order, _ *facts.Fact) {
			d := facts.Dosage{Dose: facts.Quantity{Value: c.Dose.Value, Unit: "mg"}}
			if len(o.Dosages) > 0 {
				d.Bounds, d.Route = o.Dosages[0].Bounds, o.Dosages[0].Route
			}
			d.Timing = facts.Timing{Frequency: 1, Period: "1", PeriodUnit: "d"}
			if said[o.Kind] {
				d.Dose.Value = "0"
			}
			said[o.Kind], o.Dosages = true, []facts.Dosage{d}
		})
	case clears.Medication:
		for _, ref := range c.Targets {
			if held := st.Find(ref); held == nil || held.Kind != facts.KindOrder {
				st.Merge(facts.Fact{Ref: ref, Kind: facts.KindMedication, Medication: &otherDrug})
			}
		}
		eachTarget(st, c, func(o *facts.Order, _ *facts.Fact) {
			o.Drug, o.NoMedication, o.MedicationRef = otherDrug, false, ""
		})
	case clears.Unit:
		l := *st.Find(c.Targets[0]).Lab
		l.Value.Quantity.Unit = c.Value
		st.Find(c.Targets[0]).Lab = &l
	case clears.Diagnosis:
		for _, ref := range c.Targets {
			d := *st.Find(ref).Condition
			switch {
			case c.Value != "refuted":
				d.Verification, d.Clinical = facts.VerificationConfirmed, facts.ClinicalActive
				d.Abatement, d.AbatedFlag = moment.Time{}, false
			case rapid.Bool().Draw(r, "resolved"):
				d.Clinical = facts.ClinicalResolved
			default:
				d.Verification = facts.VerificationRefuted
			}
			st.Find(ref).Condition = &d
		}
	}
	return st, at
}

// eachTarget changes copies of the orders a change names.
func eachTarget(st *State, c *clears.Change, change func(*facts.Order, *facts.Fact)) {
	for i := range st.Facts {
		f := &st.Facts[i]
		if f.Kind == facts.KindOrder && slices.Contains(c.Targets, f.Ref) {
			o := *f.Order
			f.Order = &o
			change(&o, f)
		}
	}
}

func resultOf(r *rapid.T, ref string, want clears.Result, day time.Time) facts.Fact {
	test := map[string]string{
		"ferritin": "2276-4", "TSAT": "2502-3", "eGFR": "98979-8", "creatinine clearance": "35591-7",
	}
	more := rapid.SampledFrom([]string{"0", "0.01", "1", "20"}).Draw(r, "more")
	value := decimal.Of("33")
	if want.Comparator != "" {
		value = decimal.Of(want.Value).Plus(decimal.Of(more))
	}
	if want.Comparator == ">" && more == "0" {
		value = value.Plus(decimal.Of("0.01"))
	}
	return facts.Fact{Ref: facts.Ref(ref), Kind: facts.KindLab, Lab: &facts.LabResult{
		Status: facts.LabFinal, Loincs: []string{test[want.Analyte]},
		Effective: facts.Period{Start: moment.Time{Nanos: day.UnixNano(), Precision: moment.ToDay}},
		Value: facts.Value{
			Kind: facts.QuantityValue, Quantity: facts.Quantity{Value: value.String(), Unit: want.Unit},
		},
	}}
}

// No change of a kind the check must look for clears its flag and is missing. More is tried than by
// the check: every order, result and diagnosis of the patient, one by one.
func TestNoChangeIsMissing(t *testing.T) {
	lines := scenarioFacts(t)
	rapid.Check(t, func(r *rapid.T) {
		s, set := drawState(r, t, lines), everyoneOrNot(r)
		for _, f := range clearsOf(s, set) {
			for _, c := range bruteForce(s, set, &f) {
				if !slices.Contains(clears.Of(f.Check), c.Kind) ||
					slices.ContainsFunc(f.Clears, func(listed clears.Change) bool { return reaches(&listed, &c) }) {
					continue
				}
				st, at := applied(r, s, &f, &c)
				if isOpen(&s.st, set, at, &f) && !isOpen(st, set, at, &f) { // time alone does not do it
					r.Fatalf("%s %s: %+v clears it, of which %+v says nothing", f.Check, f.Ingredient, c, f.Clears)
				}
			}
		}
	})
}

// reaches reports whether a listed change says the same as another, or that less is enough.
func reaches(listed, c *clears.Change) bool {
	l := *listed
	l.Opens = nil
	if l.Kind == clears.Unit {
		l.Results = nil
	}
	if l.Kind == clears.Lab && l.Results[0].Analyte == egfrTest.analyte { // holds for a clearance, too
		l.Results = c.Results
	}
	return l.Within(c)
}

// routeOpen reports whether an order has a bare product name and no route.
func routeOpen(o *facts.Order) bool {
	named := len(o.Drug.Names) == 1 && !strings.Contains(o.Drug.Names[0], " ")
	return named && (len(o.Dosages) == 0 || len(o.Dosages[0].Route.Texts) == 0)
}

func bruteForce(s *scenario, set *Settings, f *Flag) (all []clears.Change) {
	own := map[facts.Ref]bool{}
	for _, o := range newWhatIf(&s.st, set, s.AsOf).ev.orders {
		own[o.ref] = o.holds(f.Ingredient)
	}
	for i := range s.st.Facts {
		fact := &s.st.Facts[i]
		one := []facts.Ref{fact.Ref}
		switch fact.Kind {
		case facts.KindOrder:
			if fact.Order.Status != facts.StatusStopped {
				all = append(all, clears.Change{Kind: clears.OrderEnd, Targets: one})
			}
			if strings.Contains(f.Summary, words.Say("order.route-unknown")) && routeOpen(fact.Order) {
				all = append(all, clears.Change{Kind: clears.Route, Targets: one, Value: "topical"})
			}
			// Only its own orders can have the drug be for something else.
			if own[fact.Ref] && slices.Contains(f.Implicated, fact.Ref) {
				for _, reason := range []string{"49049000", "237662005", "2177002"} {
					all = append(all, clears.Change{Kind: clears.Reason, Targets: one, Value: reason})
				}
			}
			if slices.Contains(f.Implicated, fact.Ref) {
				if fact.Order.MedicationRef != "" {
					one = []facts.Ref{fact.Order.MedicationRef}
				}
				all = append(all, clears.Change{Kind: clears.Medication, Targets: one})
			}
		case facts.KindLab:
			for _, unit := range []string{"ng/mL", "%", "mL/min/{1.73_m2}", "mg/dL"} {
				if fact.Lab.Value.Quantity.Unit == "" || fact.Lab.Value.Quantity.Unit == "furlong" {
					all = append(all, clears.Change{Kind: clears.Unit, Targets: one, Value: unit})
				}
			}
		case facts.KindCondition:
			all = append(all,
				clears.Change{Kind: clears.Diagnosis, Targets: one, Value: "refuted"},
				clears.Change{Kind: clears.Diagnosis, Targets: one, Value: "active"})
		}
	}
	tomorrow := s.AsOf.AddDate(0, 0, 3).Format(time.DateOnly)
	for _, results := range [][]clears.Result{
		{{Analyte: "ferritin", Limit: clears.Limit{Comparator: ">=", Value: "300", Unit: "ng/mL"}}},
		{{Analyte: "TSAT", Limit: clears.Limit{Comparator: ">=", Value: "30", Unit: "%"}}},
		{
			{Analyte: "ferritin", Limit: clears.Limit{Comparator: ">=", Value: "300", Unit: "ng/mL"}},
			{Analyte: "TSAT", Limit: clears.Limit{Comparator: ">=", Value: "30", Unit: "%"}},
		},
		{{Analyte: "eGFR", Limit: clears.Limit{Comparator: ">=", Value: "95", Unit: "mL/min/{1.73_m2}"}}},
		{{Analyte: "creatinine clearance", Limit: clears.Limit{Comparator: ">=", Value: "95", Unit: "mL/min"}}},
	} {
		all = append(all, clears.Change{Kind: clears.Lab, Results: results, From: tomorrow, Days: 1})
	}
	for _, mg := range []string{"1", "10", "75", "150", "300", "600"} {
		all = append(all, clears.Change{
			Kind: clears.Dose, Targets: f.Implicated, Dose: &clears.Limit{Comparator: "<=", Value: mg, Unit: "mg/d"},
		})
	}
	return all
}

// The changes of a flag follow from facts, settings and asOf, not from the order of events or the
// flags decided together.
func TestClearsDoNotDependOnTheWay(t *testing.T) {
	lines := scenarioFacts(t)
	rapid.Check(t, func(r *rapid.T) {
		s, set := drawState(r, t, lines), everyoneOrNot(r)
		other := &scenario{Case: &exercise.Case{AsOf: s.AsOf}, st: State{Patient: s.st.Patient}}
		for _, f := range rapid.Permutation(s.st.Facts).Draw(r, "order") {
			other.st.Merge(f)
		}
		want, got := clearsOf(s, set), clearsOf(other, set)
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatal(diff)
		}
		for i := range want {
			alone := OpenFlags(&s.st, set, []byte("key"), "rules", s.AsOf)[i : i+1]
			AddClears(&s.st, set, s.AsOf, alone)
			if diff := cmp.Diff(want[i], alone[0]); diff != "" {
				r.Fatalf("alone (+), not beside others (-): %s", diff)
			}
		}
	})
}
