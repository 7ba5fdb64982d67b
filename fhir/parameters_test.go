package fhir

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The names of parameters are known once a document is read, whatever its order and spelling.
func TestNamesOfParameters(t *testing.T) {
	const visit = `{"resourceType":"Encounter","id":"1"}`
	for document, want := range map[string][]string{
		`{"resourceType":"Parameters","parameter":[{"name":"draft","resource":` + visit + `},{"resource":` + visit + `,"name" : "fact"}]}`:     {"draft", "fact"},
		`{"parameter":[{"part":[{"name":"in","resource":` + visit + `}],"name":"dr\u0061ft"},7,{"x\"name":"no"}],"resourceType":"Parameters"}`: {"draft", "", ""},
		`{"resourceType":"Parameters","parameter":[{"name":null,"resource":` + visit + `},{"name":"a","name":"b"}]}`:                           {"", "b"},
		`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Parameters","parameter":[{"name":"draft"}]}}]}`:    nil,
		visit: nil,
	} {
		r := NewReader(DefaultOptions())
		r.Document([]byte(document), func(Resource) bool { return true })
		if diff := cmp.Diff(want, r.Parameters()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", document, diff)
		}
	}
}
