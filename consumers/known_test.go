package consumers

import (
	"errors"
	"testing"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Who reads beside the consumer sees what was committed, and nothing before the states are read or after the consumer has ended.
func TestKnown(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	cfg.Known = commit.NewKnown()
	if err := cfg.Known.Read(func(fold.View) error { t.Error("read before the states are"); return nil }); !errors.Is(err, commit.ErrNotReady) {
		t.Errorf("error %v before the states are read", err)
	}
	stop := b.serve(cfg)
	<-cfg.Known.Filled()
	mine := errors.New("mine")
	if err := cfg.Known.Read(func(fold.View) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("error %v instead of the reader's", err)
	}
	c := commit.NewWorkingCopy(cfg.Engine.Key)
	st := &checks.State{Patient: "Patient/1", Facts: []checks.Fact{{Ref: "Condition/1", Kind: checks.KindMark}}}
	row := &commit.StateRow{Kind: layout.SubjectPatient, Ref: st.Patient, Token: c.Tokens.Of(st.Patient), Data: codec.Append(nil, st), State: st}
	c.Apply(row, 1, c.Snapshot())
	damaged := commit.NewWorkingCopy(cfg.Engine.Key)
	bad := *row
	bad.Data = []byte("no state")
	damaged.Apply(&bad, 1, damaged.Snapshot())
	k := commit.NewKnown()
	k.Set(c)
	var got *checks.State
	if err := k.Read(func(v fold.View) error { got = v.State("Patient/1"); return nil }); err != nil || got == nil || len(got.Facts) != 1 {
		t.Errorf("state %v, error %v", got, err)
	}
	k.Set(damaged)
	if err := k.Read(func(v fold.View) error { v.State("Patient/1"); return nil }); err == nil {
		t.Error("a damaged state is read without an error")
	}
	stop()
	if err := cfg.Known.Read(func(fold.View) error { return nil }); !errors.Is(err, commit.ErrNotReady) {
		t.Errorf("error %v after the end", err)
	}
}
