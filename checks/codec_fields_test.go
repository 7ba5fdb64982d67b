package checks

import (
	"fmt"
	"reflect"
	"testing"
)

// A field added to a fact and forgotten in the codec would be lost on every restart. So every single field is set alone, which also
// finds a field that is written only when another one is there.
func TestEveryFieldOfAStateComesBack(t *testing.T) {
	for _, kind := range []Kind{KindMark, KindOrder, KindLab, KindCondition, KindMedication, KindPatient, KindAcknowledgement} {
		fact := Fact{Kind: kind}
		if p := payload(&fact); p.IsValid() {
			eachLeaf(p.Type().Elem(), "", func(path string, set func(reflect.Value)) {
				f := Fact{Ref: "Observation/1", Kind: kind}
				p := payload(&f)
				p.Set(reflect.New(p.Type().Elem()))
				set(p.Elem())
				roundTrips(t, fmt.Sprintf("kind %d: %s", kind, path), &State{Facts: []Fact{f}})
			})
		}
	}
	eachLeaf(reflect.TypeFor[Fact](), "", func(path string, set func(reflect.Value)) {
		var f Fact
		set(reflect.ValueOf(&f).Elem())
		if f.Kind == KindMark && !payloadSet(&f) && f.Kept == nil {
			roundTrips(t, "fact: "+path, &State{Facts: []Fact{f}})
		}
	})
	eachLeaf(reflect.TypeFor[OpenFlag](), "", func(path string, set func(reflect.Value)) {
		var f OpenFlag
		set(reflect.ValueOf(&f).Elem())
		roundTrips(t, "flag: "+path, &State{Flags: []OpenFlag{f}})
	})
	roundTrips(t, "patient", &State{Patient: "Patient/1"})
	roundTrips(t, "ruleset", &State{Ruleset: "r"})
	for bit := range cutBits {
		if c := Cut(1) << bit; c&cutKnown != 0 {
			roundTrips(t, fmt.Sprintf("cut %b", c), &State{Cut: c})
		}
	}
	eachLeaf(reflect.TypeFor[Past](), "", func(path string, set func(reflect.Value)) {
		var p Past
		set(reflect.ValueOf(&p).Elem())
		roundTrips(t, "past"+path, &State{Facts: []Fact{{Ref: "Observation/1"}, {Ref: "Observation/2", Kept: &Kept{Past: []Past{p, p}}}}})
	})
	roundTrips(t, "hidden", &State{Facts: []Fact{{Ref: "Patient/1", Mark: MarkMoved, Version: Version{Updated: 3},
		Kept: &Kept{Hidden: &Fact{Ref: "Patient/1", Version: Version{Updated: 3}, Kind: KindPatient, Person: &Person{Sex: Male}}}}}})
	if n := reflect.TypeFor[State]().NumField(); n != 5 {
		t.Errorf("State has %d fields; code the new one and try it here", n)
	}
}

func roundTrips(t *testing.T, what string, st *State) {
	t.Run(what, func(t *testing.T) { mustRoundTrip(t, st) })
}

// payload is the pointer of f that its kind names; invalid for a mark.
func payload(f *Fact) reflect.Value {
	name := map[Kind]string{KindOrder: "Order", KindLab: "Lab", KindCondition: "Condition", KindMedication: "Medication",
		KindPatient: "Person", KindAcknowledgement: "Acknowledgement"}[f.Kind]
	if name == "" {
		return reflect.Value{}
	}
	return reflect.ValueOf(f).Elem().FieldByName(name)
}

func payloadSet(f *Fact) bool {
	return f.Order != nil || f.Lab != nil || f.Condition != nil || f.Medication != nil || f.Person != nil || f.Acknowledgement != nil
}

// eachLeaf calls visit for every field at any depth of type t with a function that sets that field of a value, and nothing else.
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
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Int, reflect.Int64:
		v.SetInt(-3)
	default:
		panic("the test cannot set a " + v.Type().String() + " at " + path)
	}
}

func TestCodecWordsAreDistinctAndFound(t *testing.T) {
	for i, w := range codecWords {
		if got, ok := codecWordTable.find(w); w == "" || !ok || got != i {
			t.Errorf("word %d %q is found at %d, %v: it is empty or occurs twice", i, w, got, ok)
		}
	}
	for i, w := range codecTypes[1:] {
		if got, ok := codecTypeTable.find(w); w == "" || !ok || got != i+1 {
			t.Errorf("type %d %q is found at %d, %v: it is empty or occurs twice", i+1, w, got, ok)
		}
	}
}

// Words and types are a part of the format: those of version 1 stay where they are.
func TestCodecWordsStayWhereTheyAre(t *testing.T) {
	for i, want := range map[int]string{0: "http://unitsofmeasure.org", 6: "http://hl7.org/fhir/sid/icd-10", 7: "ng/mL", 22: "capsule", 31: "Oral",
		40: "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", 45: "http://terminology.hl7.org/CodeSystem/v3-TimingEvent",
		62: "medication-unclassified", 81: "HS", 118: "umol/l", 137: "valuePeriod", 143: "Transdermal route", 186: "bupropion"} {
		if codecWords[i] != want {
			t.Errorf("word %d is %q; format version 1 has %q there", i, codecWords[i], want)
		}
	}
	if codecTypes[1] != "MedicationRequest/" || codecTypes[15] != "CarePlan/" || codecTypes[28] != "AllergyIntolerance/" {
		t.Error("a type moved")
	}
}
