package rlsguardtest

import (
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

// run is one run. It is the only part of this package that knows how events are folded.
type run struct {
	engine   fold.Engine
	replay   *fold.Replay
	reader   *fhir.Reader
	asOf     time.Time
	input    uint64
	rejected []Rejection
}

func (k Kit) start(asOf time.Time) *run {
	f := &run{engine: fold.Engine{Settings: k.Settings, Key: k.Key, NoClears: true}, asOf: asOf}
	if f.engine.Settings == nil {
		f.engine.Settings = checks.DefaultSettings()
	}
	if f.engine.Key == nil {
		f.engine.Key = []byte("a key for tests, known to all")
	}
	o := k.Reader
	o.Terms, o.Now = f.engine.Settings.Terms, asOf
	f.reader = fhir.NewReader(o)
	f.replay = fold.NewReplay(&f.engine)
	return f
}

func (f *run) take(place string, r fhir.Resource) {
	in := fold.Input{Arrival: facts.Arrival{Sequence: f.input}, Resources: []fhir.Resource{r}, AllowAck: true}
	for _, res := range f.replay.Fold(in) {
		if res.Outcome == fold.Rejected {
			f.rejected = append(
				f.rejected,
				Rejection{place, fhir.Rejection{Reason: res.Reason, Pointer: res.Pointer, Detail: res.Detail}},
			)
		}
	}
}

func (f *run) flags() (all []checks.Flag) {
	known := f.replay.Finish(f.asOf)
	for _, p := range known.Patients() {
		open := checks.OpenFlags(known.State(p), f.engine.Settings, f.engine.Key, f.engine.Ruleset, f.asOf)
		checks.AddClears(known.State(p), f.engine.Settings, f.asOf, open)
		all = append(all, open...)
	}
	return all
}
