package codec

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// A field added to a fact and forgotten in the codec would be lost on every restart. So every field
// is set alone, which also finds a field written only if another is present.
func TestEveryFieldOfAStateComesBack(t *testing.T) {
	for _, kind := range []facts.Kind{facts.KindMark, facts.KindOrder, facts.KindLab, facts.KindCondition,
		facts.KindMedication, facts.KindPatient, facts.KindAcknowledgement} {
		fact := facts.Fact{Kind: kind}
		if p := payload(&fact); p.IsValid() {
			eachLeaf(p.Type().Elem(), "", func(path string, set func(reflect.Value)) {
				f := facts.Fact{Ref: "Observation/1", Kind: kind}
				p := payload(&f)
				p.Set(reflect.New(p.Type().Elem()))
				set(p.Elem())
				roundTrips(t, fmt.Sprintf("kind %d: %s", kind, path), &checks.State{Facts: []facts.Fact{f}})
			})
		}
	}
	eachLeaf(reflect.TypeFor[facts.Fact](), "", func(path string, set func(reflect.Value)) {
		var f facts.Fact
		set(reflect.ValueOf(&f).Elem())
		if f.Kind == facts.KindMark && !payloadSet(&f) && f.Kept == nil {
			roundTrips(t, "fact: "+path, &checks.State{Facts: []facts.Fact{f}})
		}
	})
	eachLeaf(reflect.TypeFor[checks.OpenFlag](), "", func(path string, set func(reflect.Value)) {
		var f checks.OpenFlag
		set(reflect.ValueOf(&f).Elem())
		roundTrips(t, "flag: "+path, &checks.State{Flags: []checks.OpenFlag{f}})
	})
	roundTrips(t, "patient", &checks.State{Patient: "Patient/1"})
	roundTrips(t, "ruleset", &checks.State{Ruleset: "r"})
	for bit := range 64 {
		if c := checks.Cut(1) << bit; c&checks.CutKnown != 0 {
			roundTrips(t, fmt.Sprintf("cut %b", c), &checks.State{Cut: c})
		}
	}
	eachLeaf(reflect.TypeFor[facts.Past](), "", func(path string, set func(reflect.Value)) {
		var p facts.Past
		set(reflect.ValueOf(&p).Elem())
		roundTrips(
			t,
			"past"+path,
			&checks.State{
				Facts: []facts.Fact{
					{Ref: "Observation/1"},
					{Ref: "Observation/2", Kept: &facts.Kept{Past: []facts.Past{p, p}}},
				},
			},
		)
	})
	hidden := facts.Fact{
		Ref:     "Patient/1",
		Version: facts.Version{Updated: 3},
		Kind:    facts.KindPatient,
		Person:  &facts.Person{Sex: facts.Male},
	}
	roundTrips(
		t,
		"hidden",
		&checks.State{
			Facts: []facts.Fact{
				{Ref: hidden.Ref, Mark: facts.MarkMoved, Version: hidden.Version, Kept: &facts.Kept{Hidden: &hidden}},
			},
		},
	)
	if n := reflect.TypeFor[checks.State]().NumField(); n != 5 {
		t.Errorf("State has %d fields; code the new one and try it here", n)
	}
}

func roundTrips(t *testing.T, what string, st *checks.State) {
	t.Run(what, func(t *testing.T) { mustRoundTrip(t, st) })
}

// payload is the pointer of f that its kind names; invalid for a mark.
func payload(f *facts.Fact) reflect.Value {
	name := map[facts.Kind]string{facts.KindOrder: "Order", facts.KindLab: "Lab", facts.KindCondition: "Condition",
		facts.KindMedication: "Medication",
		facts.KindPatient:    "Person", facts.KindAcknowledgement: "Acknowledgement"}[f.Kind]
	if name == "" {
		return reflect.Value{}
	}
	return reflect.ValueOf(f).Elem().FieldByName(name)
}

func payloadSet(f *facts.Fact) bool {
	return f.Order != nil || f.Lab != nil || f.Condition != nil || f.Medication != nil || f.Person != nil ||
		f.Acknowledgement != nil
}

// eachLeaf calls visit for every field at any depth of type t, with a function that sets only that
// field.
func eachLeaf(t reflect.Type, path string, visit func(path string, set func(reflect.Value))) {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			eachLeaf(f.Type, path+"."+f.Name, func(p string, set func(reflect.Value)) {
				visit(p, func(v reflect.Value) { set(v.Field(i)) })
			})
		}
	case reflect.Slice:
		if t == reflect.TypeFor[[]facts.LabResult]() && strings.HasPrefix(path, ".Results") &&
			strings.Count(path, ".Results") > 1 {
			return // reports do not nest
		}
		eachLeaf(t.Elem(), path+"[]", func(p string, set func(reflect.Value)) {
			visit(p, func(v reflect.Value) {
				v.Set(reflect.MakeSlice(t, 2, 2))
				set(v.Index(1))
			})
		})
	case reflect.Pointer:
		visit(path, func(v reflect.Value) { v.Set(reflect.New(t.Elem())) })
	default:
		visit(path, func(v reflect.Value) { setLeaf(v, path) })
	}
}

func setLeaf(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("text of " + path)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Int, reflect.Int64:
		v.SetInt(-3)
	default:
		panic("the test cannot set a " + v.Type().String() + " at " + path)
	}
}

func TestWordsAreDistinctAndFound(t *testing.T) {
	for i, w := range words {
		if got, ok := wordTable.find(w); w == "" || !ok || got != i {
			t.Errorf("word %d %q is found at %d, %v: it is empty or occurs twice", i, w, got, ok)
		}
	}
	for i, w := range refTypes[1:] {
		if got, ok := typeTable.find(w); w == "" || !ok || got != i+1 {
			t.Errorf("type %d %q is found at %d, %v: it is empty or occurs twice", i+1, w, got, ok)
		}
	}
}

// Words and types have been part of the format since version 1: they stay where they are.
func TestWordsStayWhereTheyAre(t *testing.T) {
	for i, want := range map[int]string{0: "http://unitsofmeasure.org", 6: "http://hl7.org/fhir/sid/icd-10", 7: "ng/mL",
		22: "capsule", 31: "Oral",
		40: "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
		45: "http://terminology.hl7.org/CodeSystem/v3-TimingEvent",
		62: "medication-unclassified", 81: "HS", 118: "umol/l", 137: "valuePeriod", 143: "Transdermal route",
		186: "bupropion"} {
		if words[i] != want {
			t.Errorf("word %d is %q; format version 1 has %q there", i, words[i], want)
		}
	}
	if refTypes[1] != "MedicationRequest/" || refTypes[15] != "CarePlan/" || refTypes[28] != "AllergyIntolerance/" {
		t.Error("a type moved")
	}
}
