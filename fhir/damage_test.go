package fhir_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// path leads to an element: names and positions.
type path []any

func (p path) String() string {
	parts := make([]string, len(p))
	for i := range p {
		parts[i] = fmt.Sprint(p[i])
	}
	return strings.Join(parts, "/")
}

func (p path) get(doc object) any {
	var v any = doc
	for _, step := range p {
		switch step := step.(type) {
		case string:
			o, _ := v.(object)
			v = o[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

func (p path) put(doc object, value any) {
	last := p[len(p)-1]
	switch holder := p[:len(p)-1].get(doc).(type) {
	case object:
		holder[last.(string)] = value
	case []any:
		holder[last.(int)] = value
	}
}

// remove removes the element; in a list it becomes null, which counts as absent.
func (p path) remove(doc object) {
	if holder, ok := p[:len(p)-1].get(doc).(object); ok {
		delete(holder, p[len(p)-1].(string))
		return
	}
	p.put(doc, nil)
}

func encoded(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func decoded(doc string) object {
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	var o object
	if d.Decode(&o) != nil {
		return nil
	}
	return o
}

func eachElement(v any, at path, do func(at path, v any)) {
	if len(at) > 0 {
		do(slices.Clone(at), v)
	}
	switch v := v.(type) {
	case object:
		for name, inner := range v {
			eachElement(inner, append(at, name), do)
		}
	case []any:
		for i, inner := range v {
			eachElement(inner, append(at, i), do)
		}
	}
}

// damages are what an element with that value may become.
func damages(at path, v any) map[string]any {
	switch v := v.(type) {
	case string:
		all := map[string]any{"wrong type": 7}
		if _, ok := datetime.Parse(v); ok && len(v) > 4 {
			all["nonsense date"] = "soon"
		}
		switch at[len(at)-1] {
		case "status", "intent", "gender", "comparator", "periodUnit":
			all["unknown code"] = "zz-unknown"
		}
		return all
	case bool:
		return map[string]any{"wrong type": "true"}
	case nil:
		return nil
	}
	return map[string]any{"wrong type": "x"}
}

// context is what else is known of the patient, so that every damage could show.
func context(patient, typ string) string {
	diagnosis := `{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}`
	if typ == "Condition" {
		diagnosis = `{"text":"asthma"}`
	}
	const rx = `{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"`
	about := `"subject":{"reference":"` + patient + `"}`
	result := func(id, loinc, value, unit string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final",` + about +
			`,"effectiveDateTime":"2026-06-20","code":{"coding":[{"system":"http://loinc.org","code":"` + loinc + `"}]},
			"valueQuantity":{"value":` + value + `,"unit":"` + unit + `"}}`
	}
	return `{"resourceType":"Bundle","type":"collection","entry":[` +
		`{"resource":{"resourceType":"Condition","id":"zz-rls",` + about + `,"code":` + diagnosis + `}},` +
		`{"resource":{"resourceType":"MedicationRequest","id":"zz-gp","status":"active","intent":"order",` + about +
		`,"authoredOn":"2026-10-01",
			"medicationCodeableConcept":{"coding":[` + rx +
		`310431"}]},"dosageInstruction":[{"timing":{"repeat":{"frequency":3,"period":1,"periodUnit":"d"}},` +
		`"doseAndRate":[{"doseQuantity":{"value":600,"unit":"mg"}}]}]}},` +
		`{"resource":` + result("zz-f", "2276-4", "150", "ng/mL") + `},{"resource":` + result("zz-t", "2502-3", "30",
		"%") + `},{"resource":` + result("zz-e", "33914-3", "80", "mL/min") + `}]}`
}

func flagsOf(r *fhir.Reader, patient string, docs ...string) []string {
	st := &checks.State{Patient: facts.Ref(patient)}
	for _, doc := range docs {
		r.Document([]byte(doc), func(res fhir.Resource) bool {
			if res.Relevant && (res.Patient == st.Patient || res.Fact.Kind == facts.KindMedication) {
				st.Merge(res.Fact)
			}
			return true
		})
	}
	var flags []string
	for _, f := range checks.Evaluate(st, checks.DefaultSettings(), asOf) {
		flags = append(flags, fmt.Sprintln(f.Check, f.Ingredient, f.Severity))
	}
	return flags
}

func one(r *fhir.Reader, doc string) (res fhir.Resource) {
	r.Document([]byte(doc), func(got fhir.Resource) bool {
		res = got
		return true
	})
	return res
}

// low reports whether a result is low by the limits for adults, in the units of the samples below.
func low(doc object) bool {
	v, _ := doc["valueQuantity"].(object)
	n, err := strconv.ParseFloat(fmt.Sprint(v["value"]), 64)
	limit := map[string]float64{"2276-4": 75, "2502-3": 20, "33914-3": 60}
	for code, most := range limit {
		if strings.Contains(encoded(doc["code"]), `"`+code+`"`) {
			return err == nil && n <= most
		}
	}
	return false
}

// damage checks one damage of one resource against its row.
func damage(t *testing.T, r *fhir.Reader, doc string, at path, kind string, value any) {
	t.Helper()
	typ := decoded(doc)["resourceType"].(string)
	before := one(r, doc)
	if before.Rejection != nil || !before.Relevant {
		return
	}
	patient := string(before.Patient)
	if patient == "" {
		patient = "Patient/zz"
	}
	broken, written := decoded(doc), decoded(doc)
	at.put(broken, value)
	after := one(r, encoded(broken))
	what := func() string { return fmt.Sprintf("%s %s, %s: %s", typ, at, kind, encoded(broken)) }
	found := rowOf(typ, at)
	switch {
	case after.Rejection != nil && after.Rejection.Reason == fhir.UnsupportedVersion:
		return // the shape of another FHIR version
	case found == nil:
		if diff := cmp.Diff(before.Fact, after.Fact); diff != "" || len(after.Unread) > 0 {
			t.Errorf("%s: it is read and has no row (%v)\n%s", what(), after.Unread, diff)
		}
		return
	case found.rejected:
		if after.Rejection == nil {
			t.Errorf("%s: taken", what())
		}
		return
	case after.Rejection != nil:
		t.Errorf("%s: %v", what(), after.Rejection)
		return
	}
	if len(after.Unread) == 0 && !cmp.Equal(before.Fact, after.Fact, cmpopts.EquateEmpty()) &&
		before.Fact.Kind == after.Fact.Kind &&
		after.Fact.Kind != facts.KindMark {
		t.Errorf("%s: something of it was lost, and nobody is told", what())
	}
	for _, u := range after.Unread {
		if u.Detail == "" || u.Element == "" || !strings.HasPrefix(u.Pointer, "/") {
			t.Errorf("%s: told as %+v", what(), u)
		}
	}
	if found.read(written, at); found.path == "contained.*" {
		return // how a contained resource reads is checked where it stands alone
	}
	beside := context(patient, typ)
	if diff := cmp.Diff(flagsOf(r, patient, beside, encoded(written)), flagsOf(r, patient, beside,
		encoded(broken))); diff != "" {
		t.Errorf("%s\n(-%s +as damaged):\n%s", what(), encoded(written), diff)
	}
}

func damageAll(t *testing.T, r *fhir.Reader, doc string, want func(typ string, at path, kind string) bool) {
	o := decoded(doc)
	typ, _ := o["resourceType"].(string)
	eachElement(o, nil, func(at path, v any) {
		for kind, value := range damages(at, v) {
			if want(typ, at, kind) {
				damage(t, r, doc, at, kind, value)
			}
		}
	})
}

// Any one element of any relevant resource may be damaged: the rest counts, the element reads as
// its row says, and is reported.
func TestDamagedElementsReadAsTheContractSays(t *testing.T) {
	r := fhir.NewReader(fhir.DefaultOptions())
	for _, doc := range damageable {
		if res := one(r, doc); !res.Relevant || len(res.Unread) > 0 {
			t.Fatalf("not taken whole: %v %v: %s", res.Rejection, res.Unread, doc)
		}
		damageAll(t, r, doc, func(string, path, string) bool { return true })
	}
}

// TestDamagedSamples does the same with real resources: each element of each type several times,
// wherever the samples have it.
func TestDamagedSamples(t *testing.T) {
	dir := os.Getenv("RLSGUARD_CORPUS")
	if dir == "" {
		t.Skip("RLSGUARD_CORPUS is not set")
	}
	const each = 4
	seen := map[string]int{}
	want := func(typ string, at path, kind string) bool {
		key := typ + " " + withoutNumbers(at) + " " + kind
		seen[key]++
		return seen[key] <= each
	}
	r := fhir.NewReader(fhir.DefaultOptions())
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(name, "json") {
			return err
		}
		for _, doc := range resources(t, name) {
			if res := one(r, doc); res.Relevant && len(res.Unread) == 0 {
				damageAll(t, r, doc, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d elements and damages", len(seen))
}

func withoutNumbers(at path) string {
	var b strings.Builder
	for _, step := range at {
		if name, ok := step.(string); ok {
			b.WriteString("/" + name)
		}
	}
	return b.String()
}

// resources are those of a sample, each alone, about a patient who can be followed.
func resources(t *testing.T, name string) (docs []string) {
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
		if b, err = io.ReadAll(z); err != nil {
			return nil
		}
	}
	var take func(o object)
	take = func(o object) {
		entries, _ := o["entry"].([]any)
		for _, e := range entries {
			entry, _ := e.(object)
			if inner, ok := entry["resource"].(object); ok {
				take(inner)
			}
		}
		for _, name := range []string{"subject", "patient"} {
			if s, ok := o[name].(object); ok {
				s["reference"] = "Patient/zz"
			}
		}
		if o["resourceType"] != "Bundle" && o["resourceType"] != "Parameters" && o["id"] != nil {
			docs = append(docs, encoded(o))
		}
	}
	for d := json.NewDecoder(bytes.NewReader(b)); ; {
		d.UseNumber()
		var o object
		if d.Decode(&o) != nil {
			return docs
		}
		take(o)
	}
}
