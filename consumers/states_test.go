package consumers

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// States that vanish under a running instance turn it red, and are stored again from memory with
// all that goes with them.
func TestStatesVanish(t *testing.T) {
	purge := func(subject string) func(*bench) {
		return func(b *bench) { b.remove(layout.StreamRLS, subject) }
	}
	for name, vanish := range map[string]func(*bench){
		"all states": purge(layout.SubjectState + ">"),
		"patients":   purge(layout.SubjectPatient + "*"),
		"one patient": func(b *bench) {
			b.remove(layout.StreamRLS, layout.SubjectPatient+layout.NewTokens(engine().Key).Of("Patient/1").String())
		},
		"the record of the site": purge(layout.SubjectSite),
		"everything copied": func(b *bench) {
			if err := b.stream(layout.StreamRLS).Purge(b.t.Context()); err != nil {
				b.t.Fatal(err)
			}
		},
		"everything": func(b *bench) {
			if err := b.stream(layout.StreamRLS).Purge(b.t.Context()); err != nil {
				b.t.Fatal(err)
			}
		},
		"grown old": func(b *bench) {
			restore := b.setStream(layout.StreamRLS, func(c *jetstream.StreamConfig) {
				c.MaxAge,
					c.Duplicates = time.Second, time.Second
			})
			b.wait("thrown away", func() bool { return b.stream(layout.StreamRLS).CachedInfo().State.Msgs == 0 })
			time.Sleep(3 * jet.LookEvery)
			restore()
		},
	} {
		for _, instances := range []int{1, 2} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				docs := someDocs(10)
				cfg := b.config()
				red := make(chan struct{})
				tell := sync.OnceFunc(func() { close(red) })
				cfg.Log = cfg.Log.Hook(zerolog.HookFunc(func(_ *zerolog.Event, _ zerolog.Level, text string) {
					if strings.Contains(text, "stored states have left stream") { // it is shown before it is logged
						tell()
					}
				}))
				defer b.serve(cfg)()
				if instances == 2 {
					defer b.serve(b.config())()
				}
				b.publish(docs...)
				b.decided()
				if name == "everything copied" {
					b.wait("copied", func() bool {
						return len(
							b.messages(layout.StreamFlags, layout.SubjectFlags+">"),
						) >= len(
							b.messages(layout.StreamRLS, layout.SubjectCommitFlags+">"),
						)
					})
				}
				want := b.states()
				vanish(b)
				<-red
				b.wait(
					"stored again",
					func() bool { return cmp.Diff(len(want), len(b.states())) == "" && len(cfg.Health.Reasons()) == 0 },
				)
				b.publish(orderJSON("new", "1", "gabapentin", "active", 1))
				b.decided()
				b.wait("ready", func() bool { return len(cfg.Health.Reasons()) == 0 })
				got := fold.NewMemory()
				got.States = b.states()
				if d := cmp.Diff(open(engine(), replay(append(docs, orderJSON("new", "1", "gabapentin", "active",
					1))...)), open(engine(), got)); d != "" {
					t.Errorf("flags differ (-replay +serve):\n%s", d)
				}
				if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) > 0 {
					t.Errorf("verify: %s", kinds)
				}
			})
		}
	}
}

// An event for a patient whose state has just vanished is decided with what was known.
func TestStateVanishesBeforeAnEvent(t *testing.T) {
	b := newBench(t)
	docs := []string{
		rlsJSON("1"),
		orderJSON("a", "1", "sertraline", "active", 1),
		orderJSON("b", "1", "mirtazapine", "active", 1),
	}
	defer b.serve(b.config())()
	b.publish(docs[:2]...)
	b.decided()
	b.remove(layout.StreamRLS, layout.SubjectPatient+"*")
	b.publish(docs[2])
	b.decided()
	b.wait(
		"decided with all facts",
		func() bool { st := b.states()["Patient/1"]; return st != nil && len(st.Facts) == 3 },
	)
	b.sameAsReplay(docs...)
}

// An erasure is no loss.
func TestErasureIsNoLoss(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	defer b.serve(cfg)()
	b.publish(someDocs(5)...)
	b.decided()
	if _, err := b.operator().Erase(t.Context(), engine().Key, "Patient/1", operate.InputsOf{}, nil); err != nil {
		t.Fatal(err)
	}
	red := false
	for end := time.Now().Add(4 * jet.LookEvery); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		red = red || len(cfg.Health.Reasons()) > 0
	}
	// as the marker leaves after a month
	b.remove(layout.StreamRLS, layout.SubjectPatient+layout.NewTokens(engine().Key).Of("Patient/1").String())
	for end := time.Now().Add(4 * jet.LookEvery); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		red = red || len(cfg.Health.Reasons()) > 0
	}
	if red || b.states()["Patient/1"] != nil {
		t.Errorf("an erasure was taken for a loss: %v", cfg.Health.Reasons())
	}
}
