package commit

import (
	"testing"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// A reader beside the consumer sees what is known, and learns of a state that cannot be read.
func TestKnownReads(t *testing.T) {
	key := []byte("key of the tests, not secret")
	c := NewWorkingCopy(key)
	st := &checks.State{Patient: "Patient/1", Facts: []facts.Fact{{Ref: "Condition/1", Kind: facts.KindMark}}}
	row := &stateRow{
		kind:  layout.SubjectPatient,
		ref:   st.Patient,
		token: c.tokens.Of(st.Patient),
		data:  codec.Append(nil, st),
		state: st,
	}
	c.apply(row, 1, c.snapshot())
	damaged := NewWorkingCopy(key)
	bad := *row
	bad.data = []byte("no state")
	damaged.apply(&bad, 1, damaged.snapshot())
	k := NewKnown()
	k.Set(c)
	var got *checks.State
	if err := k.Read(func(v fold.View) error { got = v.State("Patient/1"); return nil }); err != nil || got == nil ||
		len(got.Facts) != 1 {
		t.Errorf("state %v, error %v", got, err)
	}
	k.Set(damaged)
	if err := k.Read(func(v fold.View) error { v.State("Patient/1"); return nil }); err == nil {
		t.Error("a damaged state is read without an error")
	}
}
