package codec

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/unread"
)

// lastOf is the last value of every enumeration in a state.
var lastOf = map[reflect.Type]uint64{
	reflect.TypeFor[facts.Kind](): uint64(
		facts.KindAcknowledgement,
	), reflect.TypeFor[facts.MarkReason](): uint64(facts.MarkMoved),
	reflect.TypeFor[facts.OrderKind](): uint64(
		facts.Statement,
	), reflect.TypeFor[facts.OrderStatus](): uint64(facts.StatusNotTaken),
	reflect.TypeFor[facts.Intent](): uint64(
		facts.IntentOption,
	), reflect.TypeFor[facts.LabStatus](): uint64(facts.LabCancelled),
	reflect.TypeFor[facts.ValueKind](): uint64(
		facts.UnreadValue,
	), reflect.TypeFor[facts.ClinicalStatus](): uint64(facts.ClinicalUnread),
	reflect.TypeFor[facts.Verification](): uint64(
		facts.VerificationUnread,
	), reflect.TypeFor[facts.Sex](): uint64(facts.SexOther),
	reflect.TypeFor[facts.Certainty](): uint64(
		facts.CertaintyShut,
	), reflect.TypeFor[unread.Parts](): uint64(unread.All),
	reflect.TypeFor[checks.Severity](): uint64(
		checks.High,
	), reflect.TypeFor[moment.Precision](): uint64(moment.WithoutOff),
}

var anyText = rapid.OneOf(
	rapid.String(),
	rapid.SampledFrom(words[:]),
	rapid.StringMatching(`[0-9]{1,20}`),
	rapid.StringMatching(`-?[0-9]{1,20}[.-][0-9]{0,4}`),
	rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
	rapid.StringMatching(`[0-9a-fA-F-]{36}`),
	rapid.StringMatching(`([0-9a-fA-F]{2}){4,32}`),
	rapid.SampledFrom(
		[]string{
			"",
			"0",
			"00",
			"0.5",
			"-0.5",
			".5",
			"5.",
			"1e400",
			"a text that comes again",
			"\xff\xfe",
			strings.Repeat("x", 300),
		},
	),
)

var anyRef = rapid.Custom(func(t *rapid.T) string {
	return rapid.SampledFrom(
		append(refTypes[:], "https://other.example/fhir/Patient/", "Unknown/", "a:", "/"),
	).Draw(
		t,
		"type",
	) + anyText.Draw(
		t,
		"id",
	)
})

var anyNanos = rapid.Custom(func(t *rapid.T) int64 {
	unit := rapid.SampledFrom(
		[]int64{1, 1000, 1_000_000, 1_000_000_000, int64(time.Minute), 24 * int64(time.Hour)},
	).Draw(
		t,
		"unit",
	)
	if rapid.Bool().Draw(t, "extreme") {
		return rapid.Int64().Draw(t, "nanos") / unit * unit
	}
	return (1_750_000_000_000_000_000 + rapid.Int64Range(0, 50_000_000_000_000_000).Draw(t, "after")) / unit * unit
})

// drawInto fills *p with anything its type and the promises of Fact allow, by reflection, so that
// new fields are drawn too.
func drawInto(t *rapid.T, p any) { draw(t, reflect.ValueOf(p).Elem()) }

func draw(t *rapid.T, v reflect.Value) {
	if last, ok := lastOf[v.Type()]; ok {
		v.SetUint(rapid.Uint64Range(0, last).Draw(t, v.Type().Name()))
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *facts.Ref:
		*p = facts.Ref(anyRef.Draw(t, "ref"))
		return
	case *facts.Fact:
		drawFact(t, p)
		return
	case *[]facts.LabResult:
		*p = make([]facts.LabResult, rapid.IntRange(0, 3).Draw(t, "results"))
		for i := range *p {
			drawFields(t, reflect.ValueOf(&(*p)[i]).Elem(), "Results") // reports do not nest
		}
		return
	case *checks.Cut:
		*p = checks.Cut(rapid.Uint64().Draw(t, "cut")) & checks.CutKnown
		return
	case *moment.Time:
		*p = moment.Time{Nanos: anyNanos.Draw(t, "nanos"), Precision: moment.Precision(rapid.Uint8Range(0, 5).Draw(t,
			"precision"))}
		return
	case *facts.Version:
		*p = facts.Version{Updated: anyNanos.Draw(t, "updated"), Number: anyText.Draw(t, "number"),
			Arrival: facts.Arrival{
				Epoch: rapid.Int64().Draw(t, "epoch"), Sequence: rapid.Uint64().Draw(t, "sequence"),
				Entry: rapid.Uint32().Draw(t, "entry")}}
		return
	}
	drawKind(t, v)
}

func drawKind(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		drawFields(t, v, "")
	case reflect.Slice:
		n := rapid.SampledFrom([]int{0, 1, 1, 2, 3, 6}).Draw(t, "length")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			draw(t, v.Index(i))
		}
	case reflect.String:
		v.SetString(anyText.Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint"))
	default:
		t.Fatalf("tell lastOf the last value of %s", v.Type())
	}
}

func drawFields(t *rapid.T, v reflect.Value, without string) {
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; name != without && rapid.Bool().Draw(t, "set "+name) {
			draw(t, v.Field(i))
		}
	}
}

func drawFact(t *rapid.T, f *facts.Fact) {
	draw(t, reflect.ValueOf(&f.Ref).Elem())
	draw(t, reflect.ValueOf(&f.Version).Elem())
	draw(t, reflect.ValueOf(&f.Kind).Elem())
	draw(t, reflect.ValueOf(&f.Mark).Elem())
	draw(t, reflect.ValueOf(&f.Unread).Elem())
	if p := payload(f); p.IsValid() {
		p.Set(reflect.New(p.Type().Elem()))
		draw(t, p.Elem())
	}
	if rapid.IntRange(0, 4).Draw(t, "kept") == 0 {
		drawKept(t, f)
	}
}

func drawKept(t *rapid.T, f *facts.Fact) {
	k := &facts.Kept{}
	for range rapid.IntRange(1, 3).Draw(t, "versions") {
		p := facts.Past{Places: facts.Places(rapid.Uint32().Draw(t, "places")) & checks.AllPlaces}
		drawInto(t, &p.Version)
		drawInto(t, &p.Mark)
		k.Past = append(k.Past, p)
	}
	if f.Kind == facts.KindMark && rapid.Bool().Draw(t, "hides") {
		k.Hidden = &facts.Fact{
			Ref:     f.Ref,
			Version: f.Version,
			Kind:    facts.KindPatient,
			Person:  &facts.Person{Sex: facts.Male},
		}
	}
	f.Kept = k
}

func numericID(i int) string { return fmt.Sprint(4_812_330 + 37*i) }

func uuidID(i int) string { return checks.FlagID([]byte("ids"), "", fmt.Sprint(i), "") }

// example is a patient with eight orders coded in RxNorm, four results, one diagnosis, and the
// person.
func example(id func(int) string) *checks.State {
	st := &checks.State{Patient: facts.Ref("Patient/" + id(0)), Ruleset: "9f86d081884c7d65"}
	at := time.Date(2026, 3, 14, 8, 15, 42, 0, time.UTC)
	version := func(i int) facts.Version {
		return facts.Version{
			Updated: at.AddDate(0, 0, 11*i).Add(time.Duration(i*i) * time.Second).UnixNano(),
			Number:  "1",
			Arrival: facts.Arrival{Epoch: 1_700_000_000_123_456_789, Sequence: uint64(900_000 + 7919*i)},
		}
	}
	add := func(kind string, i int, f facts.Fact) {
		f.Ref, f.Version = facts.Ref(kind+"/"+id(i)), version(i)
		st.Merge(f)
	}
	for i := range 8 {
		add(
			"MedicationRequest",
			1+i,
			facts.Fact{
				Kind: facts.KindOrder,
				Order: &facts.Order{
					Status:   facts.StatusActive,
					Authored: moment.Instant(at.AddDate(0, 0, 11*(1+i)).Add(-time.Hour)),
					Drug: facts.Drug{
						Codings: []codes.Coding{{System: codes.RxNorm, Code: fmt.Sprint(312_938 + 611*i)}},
					},
				},
			},
		)
	}
	for i, loinc := range []string{"2276-4", "2502-3", "33914-3", "2160-0"} {
		value := facts.Quantity{
			Value:  []string{"45.2", "18", "88", "0.9"}[i],
			Unit:   "ng/mL",
			Code:   "ng/mL",
			System: codes.UCUM,
		}
		add(
			"Observation",
			10+i,
			facts.Fact{
				Kind: facts.KindLab,
				Lab: &facts.LabResult{
					Status: facts.LabFinal,
					Loincs: []string{loinc},
					Value:  facts.Value{Kind: facts.QuantityValue, Quantity: value},
					Effective: facts.Period{
						Start: moment.Instant(at.AddDate(0, 0, 11*(10+i)).Add(-3 * time.Hour).Truncate(time.Minute)),
					},
				},
			},
		)
	}
	add(
		"Condition",
		20,
		facts.Fact{
			Kind: facts.KindCondition,
			Condition: &facts.Condition{Clinical: facts.ClinicalActive, Verification: facts.VerificationConfirmed,
				Code: facts.Concept{
					Codings: []codes.Coding{{System: codes.SNOMED, Code: "32914008"}},
				}, Onset: moment.Time{Nanos: at.Truncate(24 * time.Hour).UnixNano(), Precision: moment.ToDay}},
		},
	)
	add(
		"Patient",
		0,
		facts.Fact{
			Kind: facts.KindPatient,
			Person: &facts.Person{
				Birth: moment.Time{
					Nanos:     time.Date(1956, 5, 2, 0, 0, 0, 0, time.UTC).UnixNano(),
					Precision: moment.ToDay,
				},
				Sex: facts.Female,
			},
		},
	)
	return st
}

// bundle is example sent as one transaction: all in one message, stored at the same moment.
func bundle(id func(int) string) *checks.State {
	st := example(id)
	for i := range st.Facts {
		st.Facts[i].Version = facts.Version{
			Updated: 1_750_000_000_123_000_000,
			Number:  "1",
			Arrival: facts.Arrival{Epoch: 1_700_000_000_123_456_789, Sequence: 900_000, Entry: uint32(3 * i)},
		}
	}
	return st
}

func TestStateStaysSmall(t *testing.T) {
	for _, c := range []struct {
		name  string
		st    *checks.State
		limit int
	}{
		{"ids of a server", example(numericID), 450},
		{"UUIDs, one transaction", bundle(uuidID), 450},
		{"UUIDs, a message each", example(uuidID), 500},
	} {
		if n := len(Append(nil, c.st)); n > c.limit {
			t.Errorf("%s: %d bytes, want at most %d", c.name, n, c.limit)
		} else {
			t.Logf("%s: %d bytes", c.name, n)
		}
	}
}

func BenchmarkState(b *testing.B) {
	for _, c := range []struct {
		name string
		st   *checks.State
	}{{"numbers", example(numericID)}, {"uuids", example(uuidID)}, {"bundle", bundle(uuidID)}} {
		encoded := Append(nil, c.st)
		b.Run("encode/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = Append(buf[:0], c.st)
			}
			b.ReportMetric(float64(len(buf)), "B/state")
		})
		b.Run("read/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			var r Reader
			for b.Loop() {
				if _, err := r.Decode(encoded); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("decode/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(encoded); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
