package decided

import (
	"encoding/json"
	"testing"
)

// The record keeps its content, whatever sequence it was read at.
func TestInputRecordIsWhatItWas(t *testing.T) {
	r := InputRecord{Stream: 5, Decided: Stretches{}.Add(1, 3), Seq: 9}
	b, err := json.Marshal(r)
	if want := `{"stream":5,"decided":[[1,3]]}`; err != nil || string(b) != want {
		t.Errorf("written as %s, %v, not %s", b, err, want)
	}
}
