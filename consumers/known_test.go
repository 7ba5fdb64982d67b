package consumers

import (
	"errors"
	"testing"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
)

// Who reads beside the consumer sees what was committed, and nothing before the states are read or after the consumer has ended.
func TestKnown(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	cfg.Known = NewKnown()
	if err := cfg.Known.Read(func(View) error { t.Error("read before the states are"); return nil }); !errors.Is(err, ErrNotReady) {
		t.Errorf("error %v before the states are read", err)
	}
	stop := b.serve(cfg)
	<-cfg.Known.Filled()
	mine := errors.New("mine")
	if err := cfg.Known.Read(func(View) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("error %v instead of the reader's", err)
	}
	c := newWorkingCopy(cfg.Engine.Key)
	st := &checks.State{Patient: "Patient/1", Facts: []checks.Fact{{Ref: "Condition/1", Kind: checks.KindMark}}}
	row := &stateRow{kind: subjectPatient, ref: st.Patient, token: c.tokens.of(st.Patient), data: codec.Append(nil, st), state: st}
	c.apply(row, 1, c.snapshot())
	damaged := newWorkingCopy(cfg.Engine.Key)
	bad := *row
	bad.data = []byte("no state")
	damaged.apply(&bad, 1, damaged.snapshot())
	k := NewKnown()
	k.set(c)
	var got *checks.State
	if err := k.Read(func(v View) error { got = v.State("Patient/1"); return nil }); err != nil || got == nil || len(got.Facts) != 1 {
		t.Errorf("state %v, error %v", got, err)
	}
	k.set(damaged)
	if err := k.Read(func(v View) error { v.State("Patient/1"); return nil }); err == nil {
		t.Error("a damaged state is read without an error")
	}
	stop()
	if err := cfg.Known.Read(func(View) error { return nil }); !errors.Is(err, ErrNotReady) {
		t.Errorf("error %v after the end", err)
	}
}
