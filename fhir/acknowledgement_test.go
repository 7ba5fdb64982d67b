package fhir

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/fhir/issue"
)

// A flag's acknowledgement is the same to whoever reads it as an event.
func TestFlagReadAsEventGivesItsAcknowledgement(t *testing.T) {
	b, err := os.ReadFile("issue/testdata/detectedissue.json")
	if err != nil {
		t.Fatal(err)
	}
	f, err := issue.Unmarshal(b)
	if err != nil || f.Ack == nil {
		t.Fatalf("acknowledgement %v, error %v", f.Ack, err)
	}
	found := false
	NewReader(DefaultOptions()).Document(b, func(r Resource) bool {
		found = true
		if diff := cmp.Diff(f.Ack, r.Fact.Acknowledgement); diff != "" {
			t.Errorf("(-flag +event):\n%s", diff)
		}
		return true
	})
	if !found {
		t.Error("no resource was read")
	}
}
