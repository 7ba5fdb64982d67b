package consumers

import (
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// AskStored answers a draft as rls.check does. Package ordercheck, which is above this one, is put
// in by ask_test.go.
var AskStored func(read func(func(fold.View) error) error, e *fold.Engine, asOf time.Time, draft string) (string, error)

// said is everything that an instance says, but for flags, which all instances say in one place.
type said struct {
	Answers []string // to drafts
	Counts  []string // in its metrics
}

// spoken is what an instance should say that knows all of m.
func spoken(m *fold.Memory, drafts []string) (said, error) {
	answers, err := answersOf(func(do func(fold.View) error) error { return do(m) }, drafts)
	open := map[health.FlagKind]int{}
	for _, ref := range m.Patients() {
		for _, f := range m.State(ref).Flags {
			if f.Severity != checks.None {
				open[health.FlagKind{Check: f.Check, Severity: f.Severity}]++
			}
		}
	}
	s := said{Answers: answers, Counts: []string{fmt.Sprint("rlsguard_patients ", len(m.Patients()))}}
	for k, n := range open {
		s.Counts = append(s.Counts, fmt.Sprintf("rlsguard_open_flags{check=%q,severity=%q} %d", k.Check, k.Severity, n))
	}
	slices.Sort(s.Counts)
	return s, err
}

func answersOf(read func(func(fold.View) error) error, drafts []string) ([]string, error) {
	var all []string
	for _, d := range drafts {
		a, err := AskStored(read, engine(), asOf, d)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// instance is a running Serve that is asked for all it says.
type instance struct {
	b     *bench
	cfg   Config
	overs atomic.Int32 // how often it started over
	stop  func()
}

func (b *bench) instance(cfg Config) *instance {
	in := &instance{b: b, cfg: cfg}
	in.cfg.Known = commit.NewKnown()
	in.cfg.Log = cfg.Log.Level(
		zerolog.Disabled,
	).Hook(
		zerolog.HookFunc(func(_ *zerolog.Event, _ zerolog.Level, msg string) {
			if msg == "starting over" {
				in.overs.Add(1)
			}
		}),
	).Level(
		zerolog.ErrorLevel,
	)
	in.stop = b.serve(in.cfg)
	return in
}

func (in *instance) ready() bool { return len(in.cfg.Health.Reasons()) == 0 }

func (in *instance) said(drafts []string) (said, error) {
	answers, err := answersOf(in.cfg.Known.Read, drafts)
	s := said{Answers: answers}
	rec := httptest.NewRecorder()
	in.cfg.Health.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(rec.Body.String()) {
		line = strings.TrimSpace(line)
		if (strings.HasPrefix(line, "rlsguard_patients") || strings.HasPrefix(line, "rlsguard_open_flags")) &&
			!strings.HasSuffix(line, " 0") {
			s.Counts = append(s.Counts, line)
		}
	}
	slices.Sort(s.Counts)
	return s, err
}

// holdsStored compares what an instance holds of every patient with what is stored.
func (in *instance) holdsStored() error {
	stored := in.b.states()
	return in.cfg.Known.Read(func(v fold.View) error {
		for _, ref := range slices.Sorted(maps.Keys(stored)) {
			if have := v.State(ref); have == nil ||
				!slices.Equal(codec.Append(nil, have), codec.Append(nil, stored[ref])) {
				return fmt.Errorf("%s is not held as it is stored", ref)
			}
		}
		return nil
	})
}

// saysAll tells how what an instance says differs from what it should.
func (in *instance) saysAll(want said, drafts []string) error {
	got, err := in.said(drafts)
	if err != nil {
		return err
	}
	if d := cmp.Diff(want, got); d != "" {
		return fmt.Errorf("what it says differs (-replay +instance):\n%s", d)
	}
	return in.holdsStored()
}

// saysWhenReady is saysAll as soon as the instance is ready. One that has still to start over may
// do so while it is asked.
func (in *instance) saysWhenReady(want said, drafts []string) error {
	for {
		in.b.wait("ready", in.ready)
		overs := in.overs.Load()
		if err := in.saysAll(want, drafts); in.ready() && in.overs.Load() == overs {
			return err
		}
	}
}

// overheard asks an instance the whole time, until stop is called: whatever it answers has to be
// right, and it has to answer while it is ready.
func (in *instance) overheard(want said, drafts []string) (stop func()) {
	end, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(ended)
		for ; ; time.Sleep(2 * time.Millisecond) {
			select {
			case <-end:
				return
			default:
			}
			overs, ready := in.overs.Load(), in.ready()
			got, err := answersOf(in.cfg.Known.Read, drafts)
			ready = ready && in.ready() && in.overs.Load() == overs
			if err != nil && (ready || !errors.Is(err, commit.ErrNotReady)) {
				ended <- fmt.Errorf("ready: %v, but no answer: %w", ready, err)
				return
			}
			if d := cmp.Diff(want.Answers, got); err == nil && d != "" {
				ended <- fmt.Errorf("answered while ready is %v (-replay +instance):\n%s", ready, d)
				return
			}
		}
	}()
	return func() {
		in.b.t.Helper()
		close(end)
		if err := <-ended; err != nil {
			in.b.t.Error(err)
		}
	}
}

// handOver lets another instance be the active one.
func (b *bench) handOver() {
	b.t.Helper()
	s, err := b.js.Stream(b.t.Context(), layout.StreamFHIR)
	if err == nil {
		err = s.UnpinConsumer(b.t.Context(), layout.Durable, group)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
