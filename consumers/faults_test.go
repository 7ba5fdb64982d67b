package consumers

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// someDocs are documents of n patients that open flags, change and resolve some.
func someDocs(n int) []string {
	var docs []string
	for i := range n {
		p := fmt.Sprint(i)
		docs = append(
			docs,
			rlsJSON(p),
			orderJSON("a"+p, p, "sertraline", "active", 1),
			orderJSON("b"+p, p, "mirtazapine", "active", 1),
		)
		if i%2 == 0 {
			docs = append(docs, orderJSON("a"+p, p, "sertraline", "stopped", 2))
		}
		if i%3 == 0 {
			docs = append(docs, orderJSON("b"+p, fmt.Sprint(i+1), "mirtazapine", "active", 2))
		}
	}
	return docs
}

func TestRestart(t *testing.T) {
	b := newBench(t)
	docs := someDocs(20)
	b.serve(b.config())()
	b.publish(docs[:30]...)
	stop := b.serve(b.config())
	b.publish(docs[30:50]...)
	stop()
	b.stop()
	b.start()
	stop = b.serve(b.config())
	b.publish(docs[50:]...)
	b.decided()
	stop()
	b.sameAsReplay(docs...)
}

func TestServerAwayForAWhile(t *testing.T) {
	b := newBench(t)
	docs := someDocs(20)
	cfg := b.config()
	b.nc.Close()
	if err := b.srv.Stop(); err != nil {
		t.Fatal(err)
	}
	b.dir = t.TempDir()
	srv, err := embedded.Start(
		context.Background(),
		embedded.Options{Dir: b.dir, Listen: "127.0.0.1:0"},
	)
	if err != nil {
		t.Fatal(err)
	}
	b.srv = srv
	listen := srv.Addr()
	b.reconnect()
	cfg.URL = srv.URL()
	stop := b.serve(cfg)
	b.publish(docs[:40]...)
	b.stop()
	b.wait("not ready", func() bool { return len(cfg.Health.Reasons()) > 0 })
	if b.srv, err = embedded.Start(context.Background(), embedded.Options{Dir: b.dir, Listen: listen}); err != nil {
		t.Fatal(err)
	}
	b.reconnect()
	b.publish(docs[40:]...)
	b.decided()
	b.wait("ready again", func() bool { return len(cfg.Health.Reasons()) == 0 })
	stop()
	b.sameAsReplay(docs...)
}

func TestRedeliveryIsNotSeen(t *testing.T) {
	b := newBench(t)
	docs := append(someDocs(10), `{"resourceType":"Patient"`, `[]`)
	stop := b.serve(b.config())
	b.publish(docs...)
	b.decided()
	stop()
	before, dead := len(b.history()), len(b.messages(layout.StreamDead, layout.SubjectDead+">"))
	if dead != 2 {
		t.Errorf("%d dead letters of 2 bad documents", dead)
	}
	// everything comes again
	if err := b.js.DeleteConsumer(t.Context(), layout.StreamFHIR, layout.Durable); err != nil {
		t.Fatal(err)
	}
	defer b.serve(b.config())()
	b.decided()
	if after := len(b.history()); after != before {
		t.Errorf("%d transitions became %d", before, after)
	}
	if after := len(b.messages(layout.StreamDead, layout.SubjectDead+">")); after != dead {
		t.Errorf("%d dead letters became %d", dead, after)
	}
}

func TestDeadLetters(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	bundle := `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + orderJSON(
		"m1",
		"1",
		"sertraline",
		"active",
		1,
	) + `},
{"resource":{"resourceType":"MedicationRequest","id":"x","status":"active","intent":"order"}}]}`
	b.publish(bundle)
	b.decided()
	letters := b.messages(layout.StreamDead, layout.SubjectDead+">")
	if len(letters) != 1 {
		t.Fatalf("%d dead letters", len(letters))
	}
	m := letters[0]
	if m.Subject() != layout.SubjectDead+"no-patient" || string(m.Data()) != bundle {
		t.Errorf("dead letter on %s with %d bytes of payload", m.Subject(), len(m.Data()))
	}
	for h, want := range map[string]string{layout.HeaderReason: "no-patient", layout.HeaderSequence: "1"} {
		if got := m.Headers().Get(h); got != want {
			t.Errorf("%s: %q, want %q", h, got, want)
		}
	}
	if st := b.states()["Patient/1"]; st == nil || len(st.Facts) != 1 {
		t.Error("the good entry of the Bundle was not taken")
	}
}

func TestConsumerDeleted(t *testing.T) {
	b := newBench(t)
	docs := someDocs(10)
	stop := b.serve(b.config())
	b.publish(docs[:15]...)
	b.decided()
	if err := b.js.DeleteConsumer(t.Context(), layout.StreamFHIR, layout.Durable); err != nil {
		t.Fatal(err)
	}
	b.publish(docs[15:]...)
	b.decided()
	stop()
	b.sameAsReplay(docs...)
}

func TestStatesDeleted(t *testing.T) {
	b := newBench(t)
	docs := someDocs(10)
	stop := b.serve(b.config())
	b.publish(docs...)
	b.decided()
	if err := b.js.DeleteStream(t.Context(), layout.StreamRLS); err != nil {
		t.Fatal(err)
	}
	b.wait("made again", func() bool { _, err := b.js.Stream(t.Context(), layout.StreamRLS); return err == nil })
	b.decided()
	b.wait("evaluated", func() bool { return len(b.states()) == len(replay(docs...).States) })
	stop()
	b.sameAsReplay(docs...)
}

func TestStatesDeletedAndInputGone(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	b.publish(someDocs(3)...)
	b.decided()
	stop()
	s, err := b.js.Stream(t.Context(), layout.StreamFHIR)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(t.Context(), jetstream.WithPurgeSequence(3)); err != nil {
		t.Fatal(err)
	}
	if err := b.js.DeleteStream(t.Context(), layout.StreamRLS); err != nil {
		t.Fatal(err)
	}
	if err := Serve(t.Context(), b.config()); !errors.Is(err, layout.ErrHistoryGone) {
		t.Errorf("Serve: %v", err)
	}
}

func TestOtherRulesEvaluateEveryoneOnce(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	b.publish(someDocs(10)...)
	b.decided()
	stop()
	cfg := b.config()
	cfg.Engine.Ruleset = "r2"
	b.serve(cfg)()
	for ref, st := range b.states() {
		if st.Ruleset != "r2" {
			t.Errorf("%s was last decided under %q", ref, st.Ruleset)
		}
	}
	before := b.messages(layout.StreamRLS, layout.SubjectPatient+"*")
	b.serve(cfg)()
	if d := cmp.Diff(len(before), len(b.messages(layout.StreamRLS, layout.SubjectPatient+"*"))); d != "" {
		t.Error(d)
	}
	last := func(m []jetstream.Msg) uint64 { meta, _ := m[len(m)-1].Metadata(); return meta.Sequence.Stream }
	if last(before) != last(b.messages(layout.StreamRLS, layout.SubjectPatient+"*")) {
		t.Error("the same rules evaluated everyone again")
	}
}

func TestLateMedicationReachesAll(t *testing.T) {
	b := newBench(t)
	var docs []string
	for i := range 30 {
		p := fmt.Sprint(i)
		docs = append(
			docs,
			rlsJSON(p),
			fmt.Sprintf(
				`{"resourceType":"MedicationRequest","id":"m%s","status":"active","intent":"order","subject":{"reference":"Patient/%s"},
"authoredOn":"2026-10-01","medicationReference":{"reference":"Medication/1"}}`,
				p,
				p,
			),
		)
	}
	docs = append(docs, `{"resourceType":"Medication","id":"1","code":{"text":"sertraline"}}`)
	cfg := b.config()
	cfg.Engine.MaxTouch = 7
	stop := b.serve(cfg)
	b.publish(docs...)
	b.decided()
	stop()
	b.sameAsReplay(docs...)
}

func TestTimerGoesOffOnce(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	cfg.AsOf = time.Time{}
	defer b.serve(cfg)()
	end := time.Now().Add(4 * time.Second).UTC().Format(time.RFC3339)
	b.publish(
		rlsJSON("1"),
		fmt.Sprintf(
			`{"resourceType":"MedicationRequest","id":"m1","status":"active","intent":"order","subject":{"reference":"Patient/1"},
"authoredOn":"2026-10-01","medicationCodeableConcept":{"text":"sertraline"},"dosageInstruction":[{"timing":{"repeat":{"boundsPeriod":{"start":"2026-01-01","end":"%s"}}}}]}`,
			end,
		),
	)
	b.decided()
	ssri := func() (changes []checks.Change) {
		for _, f := range b.history() {
			if f.Check == "rls-ssri" {
				changes = append(changes, f.Change)
			}
		}
		return changes
	}
	b.wait("resolved", func() bool { h := ssri(); return len(h) > 0 && h[len(h)-1] == checks.ChangeResolved })
	if d := cmp.Diff([]checks.Change{checks.ChangeOpened, checks.ChangeResolved}, ssri()); d != "" {
		t.Error(d)
	}
	b.wait("timer acknowledged", func() bool {
		c, err := b.js.Consumer(t.Context(), layout.StreamRLS, layout.DurableDue)
		return err == nil && c.CachedInfo().NumAckPending == 0 && c.CachedInfo().NumPending == 0
	})
}

// What subscribers see is what was committed, in order and nothing else, though a second committer
// is refused all the time.
func TestConflict(t *testing.T) {
	b := newBench(t)
	b.serve(b.config())() // makes streams and site
	sub, err := b.nc.SubscribeSync(layout.SubjectFlags + ">")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	x, y := b.session(), b.session() // neither follows the other
	docs := someDocs(6)
	for i, d := range docs {
		s := x
		if i%2 == 0 {
			s = y
		}
		in := readInput(uint64(i+1), d)
		if _, err := s.committer.Begin(t.Context(), []commit.Event{{Seq: uint64(i + 1), Input: &in}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.committer.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.serve(b.config())() // heals what two that do not follow each other leave
	b.sameAsReplay(docs...)
	for _, want := range b.history() {
		m, err := sub.NextMsg(5 * time.Second)
		if err != nil {
			t.Fatalf("after a commit: %v", err)
		}
		if id := m.Header.Get("ce-id"); id != fmt.Sprintf("%s.%d", want.ID, want.Number) {
			t.Errorf("seen %s, committed %s.%d", id, want.ID, want.Number)
		}
	}
	if m, err := sub.NextMsg(100 * time.Millisecond); err == nil {
		t.Errorf("seen but not committed: %s", m.Subject)
	}
}

// session is one that decides but neither consumes nor follows.
func (b *bench) session() *session {
	b.t.Helper()
	cfg := b.config()
	cfg.Audit = layout.DefaultAudit
	s := newSession(&run{cfg: &cfg, nc: b.nc}, b.js)
	if _, err := s.prepare(context.Background()); err != nil {
		b.t.Fatal(err)
	}
	return s
}
