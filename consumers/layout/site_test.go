package layout

import (
	"encoding/json"
	"testing"
)

// The record keeps its content, and the sequence it was read at wins over anything in it: the next
// write expects that sequence.
func TestSiteRecordIsWhatItWas(t *testing.T) {
	const data = `{"format":1,"key":"k","ruleset":"r","done":true}`
	have, err := ParseSite(7, []byte(data))
	if err != nil || have.Seq != 7 {
		t.Fatalf("%+v, %v", have, err)
	}
	if again, err := json.Marshal(have); err != nil || string(again) != data {
		t.Errorf("written as %s, %v", again, err)
	}
	if have, err = ParseSite(7, []byte(`{"format":1,"Seq":3}`)); err != nil || have.Seq != 7 {
		t.Errorf("%+v, %v", have, err)
	}
}
