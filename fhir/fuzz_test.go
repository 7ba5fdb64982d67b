package fhir

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// seeds adds small files of testdata, and the bad ones of the samples, to a fuzz target.
func seeds(f *testing.F) {
	patterns := []string{"testdata/*.json", "issue/testdata/*.json"}
	if dir := os.Getenv("RLSGUARD_CORPUS"); dir != "" {
		patterns = append(patterns, filepath.Join(dir, "bad-json", "*"), filepath.Join(dir, "invalid-resource", "*"))
	}
	for _, p := range patterns {
		paths, _ := filepath.Glob(p)
		for _, path := range paths {
			if b, err := os.ReadFile(path); err == nil && len(b) < 32<<10 {
				f.Add(b)
			}
		}
	}
	for _, doc := range []string{order, patient, bundle("batch", entryOf(order),
		`{"request":{"method":"DELETE","url":"Condition/1"}}`),
		`{"specversion":"1.0","data":` + order + `}`, `{"specversion":"1.0","data_base64":"bnVsbA=="}`,
		`{"resourceType":"Parameters","parameter":[{"part":[{"resource":` + order + `}]}]}`,
		rx("Observation", `,"code":`+ferritin+`,"component":[{"code":`+ferritin+`,"valueQuantity":{"value":1e5}}]`),
		rx("Condition", `,"code":`+rls),
		panelOf("final", []string{"#a", "#b"}, member("a", "2276-4",
			`,"valueQuantity":{"value":5},"hasMember":[{"reference":"#a"}]`),
			member("b", "2502-3", `,"status":"cancelled"`)),
		rx("MedicationRequest", `,"contained":[{"resourceType":"Medication","id":"m",`+
			`"ingredient":[{"itemReference":{"reference":"#m"}}]}],"medicationReference":{"reference":"#m"}`),
		rx("DiagnosticReport", `,"status":"partial","effectiveDateTime":"soon",`+
			`"contained":[{"resourceType":"Observation","id":"#a","code":`+ferritin+
			`,"valueQuantity":{"value":"5"},"modifierExtension":[{}]}]`),
		rx("Condition", `,"clinicalStatus":{"coding":[{"code":"Active "}]},`+
			`"code":{"coding":[{"system":"http://fhir.de/CodeSystem/bfarm/icd-10-gm","code":"G25.81 V",`+
			`"extension":[{"url":"x/icd-10-gm-diagnosesicherheit","valueCoding":{"code":"A"}}]}]}`),
		bundle("history", `{"resource":`+order+`,"response":{"etag":"W/\"3\"","lastModified":"never"}}`,
			`{"request":{"method":"PATCH","url":"Condition/1"}}`),
		`{"specversion":"1.0","data":"{\"resourceType\":\"Patient\",\"id\":\"p\",\"gender\":7}"}`,
		rx("MedicationRequest", `,"status":"Active","dosageInstruction":[7,{"timing":{"repeat":{"periodUnit":"Tage",`+
			`"frequency":"x"}}}],"dispenseRequest":{"numberOfRepeatsAllowed":{}}`),
		rx("MedicationStatement", `,"dosage":[{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}},`+
			`"doseAndRate":[{"doseQuantity":{"value":1}}]}]`)} {
		f.Add([]byte(doc))
	}
}

// checkEvent checks what holds for every event of every document.
func checkEvent(t *testing.T, i int, r Resource) {
	t.Helper()
	switch rej := r.Rejection; {
	case int(r.Entry) != i:
		t.Fatalf("event %d has the number %d", i, r.Entry)
	case rej != nil && (rej.Reason == "" || rej.Detail == "" || r.Relevant || !strings.HasPrefix(rej.Pointer,
		r.Pointer)):
		t.Fatalf("a rejection that says too little: %+v", r)
	case rej != nil && len(r.Unread) > 0:
		t.Fatalf("rejected, and read in part: %+v", r)
	case r.Relevant && (r.Fact.Ref == "" || !plain([]byte(r.Fact.Ref)) || !plain([]byte(r.Patient)) ||
		r.Patient != "" && r.Patient.Type() != "Patient"):
		t.Fatalf("a fact of nobody: %+v", r)
	}
	for _, u := range r.Unread {
		if u.Detail == "" || u.Element == "" ||
			!strings.HasPrefix(u.Pointer, strings.TrimSuffix(r.Pointer, "/resource")+"/") {
			t.Fatalf("a place that says too little: %+v of %+v", u, r)
		}
	}
}

// FuzzDocument reads documents that are none. Invalid JSON gives one rejection; white space and an
// earlier document change nothing.
func FuzzDocument(f *testing.F) {
	seeds(f)
	r := NewReader(DefaultOptions())
	f.Fuzz(func(t *testing.T, data []byte) {
		collect := func(data []byte) (all []Resource) {
			r.Document(data, func(res Resource) bool {
				checkEvent(t, len(all), res)
				all = append(all, res)
				return true
			})
			return all
		}
		all := collect(data)
		if !utf8.Valid(data) &&
			(len(all) != 1 || all[0].Rejection == nil || all[0].Rejection.Reason != UnsupportedEncoding) {
			t.Fatalf("no UTF-8, but %v", outcomes(all))
		}
		if !json.Valid(bytes.TrimPrefix(data, []byte(utf8BOM))) {
			if len(all) != 1 || all[0].Rejection == nil {
				t.Fatalf("broken, but %v", outcomes(all))
			}
			return
		}
		var indented bytes.Buffer
		if len(all) == 0 || all[0].Rejection != nil && all[0].Rejection.Reason != InvalidResource ||
			bytes.HasPrefix(data, []byte(utf8BOM)) ||
			json.Indent(&indented, data, "", "  ") != nil {
			return
		}
		if diff := cmp.Diff(all, collect(indented.Bytes())); diff != "" {
			t.Fatalf("white space matters (-as sent +indented):\n%s", diff)
		}
	})
}

// FuzzStream reads files that are none, whole and in small pieces.
func FuzzStream(f *testing.F) {
	seeds(f)
	f.Add([]byte(order + "\n" + patient + "\nnope\n" + patient))
	f.Add([]byte(pack(order + "\n" + patient)))
	f.Add([]byte(pack(order)[:40]))
	o := DefaultOptions()
	o.MaxBytes = 64 << 10
	r := NewReader(o)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range []string{"a.json", "a.ndjson"} {
			var whole, pieces []Resource
			collect := func(all *[]Resource) func(int, Resource) bool {
				return func(line int, res Resource) bool {
					checkEvent(t, len(*all), res)
					*all = append(*all, res)
					return line > 0
				}
			}
			if err := r.Stream(bytes.NewReader(data), name, collect(&whole)); err != nil {
				t.Fatal(err)
			}
			if err := r.Stream(&pieceReader{data}, name, collect(&pieces)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(whole, pieces); diff != "" {
				t.Fatalf("pieces matter (-whole +pieces):\n%s", diff)
			}
		}
	})
}

// pieceReader returns 7 bytes at a time.
type pieceReader struct{ b []byte }

func (p *pieceReader) Read(b []byte) (int, error) {
	n, err := bytes.NewReader(p.b).Read(b[:min(7, len(b))])
	p.b = p.b[n:]
	return n, err
}
