package publish

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		name, doc string
		limit     int
		subjects  []string
		fails     bool
	}{
		{
			name:     "small",
			doc:      `{"id":"1","resourceType":"Observation"}`,
			limit:    100,
			subjects: []string{"fhir.Observation"},
		},
		{name: "no JSON", doc: `{"resource`, limit: 100, subjects: []string{"fhir.Unknown"}},
		{
			name:     "a type that would break the subject",
			doc:      `{"resourceType":"a.b >"}`,
			limit:    100,
			subjects: []string{"fhir.Unknown"},
		},
		{
			name:     "type is no string",
			doc:      `{"resourceType":{"resourceType":"Patient"}}`,
			limit:    100,
			subjects: []string{"fhir.Unknown"},
		},
		{name: "a history keeps its versions", limit: 200,
			doc: `{"resourceType":"Bundle","type":"history","entry":[{"resource":{"resourceType":"Patient","id":"1","active":true},"response":{"etag":"W/\"2\"","lastModified":"2026-01-01T00:00:00Z"}},` +
				`{"resource":{"resourceType":"Patient","id":"2","active":true},"request":{"method":"PUT","url":"Patient/2"}}]}`,
			subjects: []string{"fhir.Bundle", "fhir.Patient"}},
		{name: "a change in parts keeps its method", limit: 200,
			doc: `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Binary","id":"b","data":"W10="},"request":{"method":"patch","url":"MedicationRequest/1"}},` +
				`{"resource":{"resourceType":"Patient","id":"2","active":true},"request":{"method":"PUT","url":"Patient/2"}}]}`,
			subjects: []string{"fhir.Bundle", "fhir.Patient"}},
		{
			name:  "a large resource",
			doc:   `{"resourceType":"Observation","id":"12345678901234567890"}`,
			limit: 20,
			fails: true,
		},
		{
			name:  "a large entry",
			doc:   `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"12345678901234567890"}}]}`,
			limit: 40,
			fails: true,
		},
		{name: "acknowledgements have their own subject", limit: 1000,
			doc:      `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"DetectedIssue","id":"1"}},{"resource":{"resourceType":"Patient","id":"1"}}]}`,
			subjects: []string{"fhir.DetectedIssue", "fhir.Patient"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			msgs, err := Split([]byte(tt.doc), tt.limit)
			if (err != nil) != tt.fails {
				t.Fatalf("error: %v", err)
			}
			var got []string
			for _, m := range msgs {
				got = append(got, m.Subject)
			}
			if d := cmp.Diff(tt.subjects, got); d != "" {
				t.Error(d)
			}
		})
	}
}
