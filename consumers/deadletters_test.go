package consumers

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

func (b *bench) letters(reason string) []layout.DeadLetter {
	b.t.Helper()
	var all []layout.DeadLetter
	if err := b.operator().DeadLetters(b.t.Context(), reason, func(l layout.DeadLetter) error {
		all = append(all,
			l)
		return nil
	}); err != nil {
		b.t.Fatal(err)
	}
	return all
}

// Poison among good inputs costs them nothing, and each is a letter.
func TestPoisonDoesNotBlock(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	docs := someDocs(10)
	poison := []string{
		`{`,
		`[]`,
		"\x00\xff",
		`{"resourceType":"MedicationRequest","id":"a","status":"active"}`,
		`{"resourceType":"Bundle","type":"x"}`,
	}
	var mixed []string
	for i, d := range docs {
		mixed = append(mixed, poison[i%len(poison)], d)
	}
	b.publish(mixed...)
	b.decided()
	b.sameAsReplay(docs...)
	if n := len(b.letters("")); n != len(docs) {
		t.Errorf("%d dead letters of %d bad inputs", n, len(docs))
	}
	if n := len(b.letters("not-fhir")); n == 0 || n >= len(docs) {
		t.Errorf("%d dead letters of one reason", n)
	}
}

// An instance with a limit rejects what one without it takes: retried, the inputs count, and the
// letters are gone.
func TestRetryAfterAFix(t *testing.T) {
	b := newBench(t)
	strict := b.config()
	strict.Reader.MaxDepth = 1
	stop := b.serve(strict)
	docs := []string{rlsJSON("1"), orderJSON("a", "1", "sertraline", "active", 1), `{"resourceType":`}
	b.publish(docs...)
	b.decided()
	stop()
	if n := len(b.letters("too-deep")); n != 2 {
		t.Fatalf("%d letters are too deep", n)
	}
	defer b.serve(b.config())()
	o := b.operator()
	letters, _, err := o.Select(t.Context(), operate.DeadSelection{All: true}, true)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	done, err := o.Retry(t.Context(), letters, func() { told++ })
	if err != nil || done.Inputs != 3 || done.Letters != 3 || len(done.Failed) > 0 || told != 3 {
		t.Fatalf("%+v, %v, told %d times", done, err, told)
	}
	if err := o.WaitDecided(t.Context(), done.Last, jet.WaitOptions{}); err != nil {
		t.Fatal(err)
	}
	b.sameAsReplay(docs...)
	again, err := o.RejectedAgain(t.Context(), &done)
	if err != nil || len(again) != 1 || again[0].Reason != "invalid-json" || again[0].Input <= 3 {
		t.Errorf("rejected again: %+v, %v", again, err)
	}
	if d := cmp.Diff(again, b.letters(""), cmp.AllowUnexported(layout.DeadLetter{})); d != "" {
		t.Errorf("letters (-rejected again +there):\n%s", d)
	}
}

// The rejections of one input are retried as one, also where its payload went with none of those
// that were chosen.
func TestRetryOfABundle(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	entries := ""
	for i := range 6 {
		entries += fmt.Sprintf(
			`{"resource":{"resourceType":"MedicationRequest","id":"x%d","status":"active","intent":"order"}},`,
			i,
		)
	}
	b.publish(`{"resourceType":"Bundle","type":"collection","entry":[` + entries[:len(entries)-1] + `]}`)
	b.decided()
	letters := b.letters("")
	if len(letters) != 6 || !letters[5].LeftOut {
		t.Fatalf("letters: %+v", letters)
	}
	o := b.operator()
	if _, data, err := o.DeadLetter(t.Context(), letters[5].Number); err != nil || len(data) == 0 {
		t.Errorf("payload from the inbound stream: %d bytes, %v", len(data), err)
	}
	chosen, missing, err := o.Select(t.Context(), operate.DeadSelection{Numbers: []uint64{letters[5].Number, 99}}, true)
	if err != nil || len(chosen) != 6 || !cmp.Equal(missing, []uint64{99}) {
		t.Fatalf("chosen %d, missing %d, %v", len(chosen), missing, err)
	}
	done, err := o.Retry(t.Context(), chosen, nil)
	if err != nil || done.Inputs != 1 || done.Letters != 6 {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestRetryWithoutPayload(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	id := nats.Header{
		layout.HeaderReason:   {"too-large"},
		layout.HeaderSequence: {"77"},
		layout.HeaderEpoch:    {"1"},
		layout.HeaderLeftOut:  {"left-out"},
	}
	if _, err := b.js.PublishMsg(t.Context(), &nats.Msg{Subject: layout.SubjectDead + "too-large",
		Header: id}); err != nil {
		t.Fatal(err)
	}
	o := b.operator()
	letters, _, err := o.Select(t.Context(), operate.DeadSelection{Reason: "too-large"}, true)
	if err != nil || len(letters) != 1 {
		t.Fatalf("%+v, %v", letters, err)
	}
	done, err := o.Retry(t.Context(), letters, nil)
	if err != nil || !errors.Is(done.Failed[1], operate.ErrNoPayload) || done.Letters != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if err := o.Drop(t.Context(), 1); err != nil {
		t.Error(err)
	}
	if err := o.Drop(t.Context(), 1); err != nil {
		t.Errorf("dropped twice: %v", err)
	}
	if _, _, err := o.DeadLetter(t.Context(), 1); !errors.Is(err, operate.ErrNoLetter) {
		t.Errorf("after it was dropped: %v", err)
	}
}

// A producer who may not acknowledge does not get to it through an operator.
func TestRetryLendsNoPermission(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	issue := `{"resourceType":"DetectedIssue","id":"d","id":"e"}`
	for _, subject := range []string{"fhir.Patient", layout.SubjectAcknowledge} {
		if _, err := b.js.Publish(t.Context(), subject, []byte(issue)); err != nil {
			t.Fatal(err)
		}
	}
	b.decided()
	o := b.operator()
	letters, _, err := o.Select(t.Context(), operate.DeadSelection{All: true}, true)
	if err != nil || len(letters) != 2 {
		t.Fatalf("%+v, %v", letters, err)
	}
	if _, err := o.Retry(t.Context(), letters, nil); err != nil {
		t.Fatal(err)
	}
	var subjects []string
	for _, m := range b.messages(layout.StreamFHIR, ">") {
		subjects = append(subjects, m.Subject())
	}
	if d := cmp.Diff([]string{"fhir.Patient", layout.SubjectAcknowledge, "fhir.Unknown", layout.SubjectAcknowledge},
		subjects); d != "" {
		t.Errorf("subjects (-want +got):\n%s", d)
	}
}

func TestDeadLettersAreKeptAsLongAsTold(t *testing.T) {
	b := newBench(t)
	age := func() time.Duration {
		s, err := b.js.Stream(t.Context(), layout.StreamDead)
		if err != nil {
			t.Fatal(err)
		}
		return s.CachedInfo().Config.MaxAge
	}
	for _, c := range []struct{ told, want time.Duration }{{0, layout.DefaultDead}, {time.Hour, time.Hour},
		{0, time.Hour}, {300 * time.Hour, 300 * time.Hour}} {
		cfg := b.config()
		cfg.Dead = c.told
		b.serve(cfg)()
		if got := age(); got != c.want {
			t.Errorf("told %v: kept for %v", c.told, got)
		}
	}
}

// Letters of a flood are stored many at a time. Where that cannot be, because one is there already
// or their stream was made by an older version, each is there once all the same.
func TestDeadLettersOfAFlood(t *testing.T) {
	const n = 1200
	for name, c := range map[string]struct{ there, older bool }{"nothing there": {}, "one there": {there: true},
		"older stream": {older: true}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if c.older {
				cfg := jetstream.StreamConfig{
					Name:       layout.StreamDead,
					Subjects:   []string{layout.SubjectDead + ">"},
					Duplicates: layout.DeadWindow,
				}
				if _, err := b.js.CreateStream(t.Context(), cfg); err != nil {
					t.Fatal(err)
				}
			}
			if err := jet.MakeStreams(t.Context(), b.js, 1); err != nil {
				t.Fatal(err)
			}
			s, err := b.js.Stream(t.Context(), layout.StreamFHIR)
			if err != nil {
				t.Fatal(err)
			}
			docs := make([]string, n)
			for i := range docs {
				docs[i] = "{"
			}
			b.publish(docs...)
			if c.there { // from a run that was killed before it acknowledged
				id := deadID(s.CachedInfo().Created.UnixNano(), 7, &fold.Result{Reason: "invalid-json"})
				sequence := nats.Header{layout.HeaderSequence: {"7"}}
				if _, err := b.js.PublishMsg(t.Context(), &nats.Msg{Subject: layout.SubjectDead + "invalid-json",
					Header: sequence}, jetstream.WithMsgID(id)); err != nil {
					t.Fatal(err)
				}
			}
			defer b.serve(b.config())()
			b.decided()
			seen := map[uint64]int{}
			for _, l := range b.letters("") {
				seen[l.Input]++
			}
			for input := uint64(1); input <= n; input++ {
				if seen[input] != 1 {
					t.Fatalf("%d letters of input %d; letters of %d inputs", seen[input], input, len(seen))
				}
			}
		})
	}
}
