package consumers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

func referringJSON(id, patient, medication string, version int) string {
	return fmt.Sprintf(
		`{"resourceType":"MedicationRequest","id":"%s","meta":{"versionId":"%d"},"status":"active","intent":"order","subject":{"reference":"Patient/%s"},
"authoredOn":"2026-10-01","medicationReference":{"reference":"Medication/%s"}}`,
		id,
		version,
		patient,
		medication,
	)
}

func medicationJSON(id, drug string, version int) string {
	return fmt.Sprintf(
		`{"resourceType":"Medication","id":"%s","meta":{"versionId":"%d"},"code":{"text":"%s"}}`,
		id,
		version,
		drug,
	)
}

// story is what happens before and after a fault: people with opioids, a Medication that many refer
// to and that changes, an order that moves.
func story() (before, after, drafts []string) {
	before = append(before, medicationJSON("m", "sertraline", 1))
	for i := range 8 {
		p := fmt.Sprint(i)
		before = append(
			before,
			rlsJSON(p),
			referringJSON("r"+p, p, "m", 1),
			orderJSON("o"+p, p, "oxycodone", "active", 1),
		)
		after = append(after, orderJSON("x"+p, p, "diphenhydramine", "active", 1))
		for _, how := range []string{`"medicationCodeableConcept":{"text":"gabapentin"}`, `"medicationReference":{"reference":"Medication/m"}`} {
			drafts = append(
				drafts,
				fmt.Sprintf(
					`{"resourceType":"MedicationRequest","id":"d","status":"draft","intent":"order","subject":{"reference":"Patient/%s"},%s}`,
					p,
					how,
				),
			)
		}
	}
	after = append(
		after,
		rlsJSON("new"),
		referringJSON("rnew", "new", "m", 1),
		medicationJSON("m", "mirtazapine", 2),
		orderJSON("o1", "new", "oxycodone", "active", 2),
		orderJSON(
			"o2",
			"2",
			"oxycodone",
			"stopped",
			2,
		),
		`{"resourceType":"MedicationRequest"`,
		orderJSON("g3", "3", "gabapentin", "active", 1),
	)
	return before, after, drafts
}

// fault makes instances start over.
type fault struct {
	name string
	do   func(b *bench) (mend func())
	// healed: they go on as they are, and mend it themselves.
	healed bool
	// embedded: the server is the first instance's own.
	embedded bool
}

func startsOver() []fault {
	nothing := func() {}
	removed := func(stream string) fault {
		return fault{name: stream + " deleted", do: func(b *bench) func() {
			b.check(b.js.DeleteStream(b.t.Context(), stream))
			return nothing
		}}
	}
	anew := func(stream string) fault {
		return fault{name: stream + " made anew", do: func(b *bench) func() {
			for _, want := range layout.StreamConfigs(1) {
				if want.Name == stream {
					b.check(b.js.DeleteStream(b.t.Context(), stream))
					b.check(jet.MakeStream(b.t.Context(), b.js, want))
				}
			}
			return nothing
		}}
	}
	overwritten := func(name, subject string) fault {
		return fault{name: name + " overwritten", healed: true, do: func(b *bench) func() {
			b.stored(subject)
			b.put(subject, nil, []byte("damaged"))
			return nothing
		}}
	}
	again := fault{name: "server inside started again", embedded: true, do: func(b *bench) func() {
		b.srv.Current().Warnf("no space left on device")
		return nothing
	}}
	return []fault{
		removed(layout.StreamFlags), removed(layout.StreamDead), removed(layout.StreamFHIR), removed(layout.StreamRLS),
		anew(layout.StreamFlags), anew(layout.StreamFHIR), anew(layout.StreamRLS),
		overwritten("state of a patient", stateSubject("Patient/1")),
		overwritten("Medication", layout.SubjectMedication+layout.NewTokens(engine().Key).Of("Medication/m").String()),
		overwritten("record of the site", layout.SubjectSite),
		again,
	}
}

func (b *bench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// Whatever makes an instance start over within its process: it says afterwards all that it said
// before, is not ready before it does, and goes on as if nothing had been.
func TestStartingOver(t *testing.T) {
	stall := copyStall
	t.Cleanup(func() { copyStall = stall })
	copyStall = 2 * time.Second
	for _, f := range startsOver() {
		for n := 1; n <= 2; n++ {
			t.Run(fmt.Sprintf("%s, %d running", f.name, n), func(t *testing.T) {
				t.Parallel()
				startOver(t, f, n)
			})
		}
	}
}

func startOver(t *testing.T, f fault, n int) {
	before, after, drafts := story()
	b := newBench(t)
	var all []*instance
	for i := range n {
		cfg := b.config()
		if f.embedded && i == 0 {
			cfg.URL, cfg.Embedded = "", b.srv
		}
		in := b.instance(cfg)
		defer in.stop()
		all = append(all, in)
	}
	b.publish(before[:len(before)/2]...)
	b.decided()
	if n > 1 {
		b.handOver() // so that each wrote some of what is stored
	}
	b.publish(before[len(before)/2:]...)
	b.decided()
	want, err := spoken(replay(before...), drafts)
	b.check(err)
	if !strings.Contains(strings.Join(want.Answers, ""), `"gabapentinoid-respiratory-depression"`) {
		t.Fatal("the drafts ask nothing")
	}
	b.allSay(all, want, drafts)

	var hear []func()
	for _, in := range all {
		hear = append(hear, in.overheard(want, drafts))
	}
	mend := f.do(b)
	if f.healed {
		b.wait("noticed", func() bool { return foreignSeen(t, all[0].cfg.Health) > 0 })
		time.Sleep(2 * healEvery)
	} else {
		b.wait("started over", func() bool { return all[0].overs.Load() > 0 || all[n-1].overs.Load() > 0 })
	}
	mend()
	for i, in := range all {
		if err := in.saysWhenReady(want, drafts); err != nil {
			t.Errorf("instance %d of %d, ready again: %v", i+1, n, err)
		}
	}
	for _, stop := range hear {
		stop()
	}
	b.publish(after...)
	b.decided()
	told := append(before, after...)
	want, err = spoken(replay(told...), drafts)
	b.check(err)
	b.allSay(all, want, drafts)
	b.sameAsReplay(told...)
	b.shownAsReplay(told)
}

// allSay waits until all instances say what they should: those that stand by follow a moment later.
func (b *bench) allSay(all []*instance, want said, drafts []string) {
	b.t.Helper()
	for i, in := range all {
		var err error
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if err = in.saysAll(want, drafts); err == nil {
				break
			}
		}
		if err != nil {
			b.t.Errorf("instance %d of %d: %v", i+1, len(all), err)
		}
	}
}

// While states are made from inputs, what is known is a part of it: nothing is answered from that,
// by whichever instance, and also where the one that began was killed.
func TestNoAnswerFromAPart(t *testing.T) {
	before, _, drafts := story()
	want, err := spoken(replay(before...), drafts)
	if err != nil {
		t.Fatal(err)
	}
	lost := func(b *bench) {
		stop := b.serve(b.config())
		b.publish(before...)
		b.decided()
		stop()
		b.check(b.js.DeleteStream(t.Context(), layout.StreamRLS))
	}
	for name, prepare := range map[string]func(*bench){
		"a new site, and inputs are there": func(b *bench) {
			b.check(jet.MakeStreams(t.Context(), b.js, 1))
			b.publish(before...)
		},
		"states lost": lost,
		"states lost, killed after it began": func(b *bench) {
			lost(b)
			s := b.session()
			b.check(s.committer.ApplyRules(t.Context(), nil, s.rebuilding))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			prepare(b)
			var all []*instance
			var hear []func()
			for range 2 {
				cfg := b.config()
				cfg.Batch = 1
				in := &instance{b: b, cfg: cfg}
				in.cfg.Known = commit.NewKnown()
				hear = append(hear, in.overheard(want, drafts))
				all = append(all, in)
			}
			for _, in := range all {
				defer b.serve(in.cfg)()
			}
			b.allSay(all, want, drafts)
			b.sameAsReplay(before...)
			b.wait("noted as made again", func() bool {
				have, err := jet.ReadSite(t.Context(), b.js)
				return err == nil && have != nil && have.Rebuilding == 0
			})
			for _, stop := range hear {
				stop()
			}
		})
	}
}

// A consumer that was lost is not opened again on a stream that is another one by now: it would
// begin in the middle.
func TestConsumerOfAReplacedStream(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, opened := b.session(), 0
	err := s.take(ctx, layout.Durable, func(context.Context) (jetstream.Consumer, error) {
		if opened++; opened > 1 {
			cancel()
		}
		b.check(b.js.DeleteStream(t.Context(), layout.StreamRLS))
		b.check(jet.MakeStreams(t.Context(), b.js, 1))
		return nil, jetstream.ErrConsumerDeleted
	}, nil)
	if !errors.Is(err, jet.ErrReplaced) || opened != 1 {
		t.Errorf("opened %d times, then: %v", opened, err)
	}
}
