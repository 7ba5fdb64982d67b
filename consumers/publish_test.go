package consumers

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/publish"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// openNow are the open flags that Watch shows.
func (b *bench) openNow(o watch.Options) []checks.Flag {
	b.t.Helper()
	var got []checks.Flag
	o.Once = true
	if err := watch.Watch(b.t.Context(), b.nc, o, func(f []checks.Flag) error { got = f; return nil },
		nil); err != nil {
		b.t.Fatal(err)
	}
	for i := range got {
		got[i].Number, got[i].Change, got[i].Clears, got[i].ClearsCut = 0, "", nil, false
	}
	return got
}

func TestPublishWaitWatchIsReplay(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	docs := someDocs(25)
	p, err := publish.New(t.Context(), b.nc)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, d := range docs {
		if err := p.Publish(t.Context(), []byte(d)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Wait(t.Context(), jet.WaitOptions{}); err != nil {
		t.Fatal(err)
	}
	want := open(engine(), replay(docs...))
	if d := cmp.Diff(want, b.openNow(watch.Options{})); d != "" {
		t.Errorf("flags differ (-replay +watch):\n%s", d)
	}
	var moderate []checks.Flag
	for _, f := range want {
		if f.Severity >= checks.Moderate {
			moderate = append(moderate, f)
		}
	}
	if d := cmp.Diff(moderate, b.openNow(watch.Options{Severity: checks.Moderate})); d != "" {
		t.Errorf("moderate flags differ (-replay +watch):\n%s", d)
	}
}

// What of the published was rejected is told with its origin, what others published is not.
func TestPublishTellsRejections(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	b.publish(`{`)
	p, err := publish.New(t.Context(), b.nc)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	lines := []string{rlsJSON("1"), `{`, orderJSON("a", "1", "sertraline", "active", 1), `{"resourceType":"Nonsense"}`}
	for i, d := range lines {
		if i == 2 {
			if _, err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.publish(`[]`) // in between
		}
		if err := p.PublishFrom(t.Context(), publish.Origin{Source: "a.ndjson", Line: 2 * (i + 1)},
			[]byte(d)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Wait(t.Context(), jet.WaitOptions{}); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	err = p.Rejected(t.Context(), func(from publish.Origin, l layout.DeadLetter) error {
		got[fmt.Sprintf("%s:%d", from.Source, from.Line)] = l.Reason
		return nil
	})
	if d := cmp.Diff(map[string]string{"a.ndjson:4": "invalid-json", "a.ndjson:8": "not-fhir"}, got); d != "" ||
		err != nil {
		t.Errorf("%v, rejected (-want +got):\n%s", err, d)
	}
}

// Where nobody serves, that is told once, and the waiting goes on; somebody who serves ends it.
func TestWaitWithNobodyServing(t *testing.T) {
	b := newBench(t)
	p, err := publish.New(t.Context(), b.nc)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Publish(t.Context(), []byte(rlsJSON("1"))); err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	waited := make(chan error, 1)
	go func() {
		// twice would panic
		waited <- p.Wait(t.Context(), jet.WaitOptions{Patience: time.Millisecond, Nobody: func() { close(told) }})
	}()
	<-told
	defer b.serve(b.config())()
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

func TestWatchGoesOnLive(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	b.publish(rlsJSON("1"))
	b.decided()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := jet.WaitCopied(ctx, b.js); err != nil {
		t.Fatal(err)
	}
	var opened, seen []string
	err := watch.Watch(ctx, b.nc, watch.Options{}, func(f []checks.Flag) error {
		for i := range f {
			opened = append(opened, f[i].Check)
		}
		b.publish(orderJSON("m1", "1", "sertraline", "active", 1))
		return nil
	}, func(f checks.Flag) error {
		seen = append(seen, f.Check+" "+string(f.Change))
		switch f.Change {
		case checks.ChangeOpened: // in one batch with the first it would never have been open
			b.publish(orderJSON("m1", "1", "sertraline", "stopped", 2))
		case checks.ChangeResolved:
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"rls-iron-unchecked"}, opened); d != "" {
		t.Errorf("open: %s", d)
	}
	if d := cmp.Diff([]string{"rls-ssri opened", "rls-ssri resolved"}, seen); d != "" {
		t.Errorf("live: %s", d)
	}
}

// A Bundle over the limit goes in parts and means the same.
func TestLargeBundleGoesInParts(t *testing.T) {
	doc := func(pad string) string {
		return fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","entry":[
{"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{"resourceType":"Patient","gender":"female","birthDate":"1960-01-01"},"request":{"method":"POST","url":"Patient"}},
{"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{"resourceType":"Medication","id":"med","code":{"text":"sertraline"}}},
{"fullUrl":"urn:uuid:33333333-3333-4333-8333-333333333333","resource":{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]},"subject":{"reference":"urn:uuid:11111111-1111-4111-8111-111111111111"}}},
{"resource":{"resourceType":"MedicationRequest","id":"m1","status":"active","intent":"order","subject":{"reference" : "urn:uuid:11111111-1111-4111-8111-111111111111"},"medicationReference":{"reference":"urn:uuid:22222222-2222-4222-8222-222222222222"},"note":[{"text":"%s"}]}},
{"resource":{"resourceType":"MedicationRequest","id":"gone","status":"active","intent":"order","subject":{"reference":"urn:uuid:11111111-1111-4111-8111-111111111111"},"medicationCodeableConcept":{"text":"mirtazapine"}}},
{"request":{"method":"DELETE","url":"MedicationRequest/gone"},"response":{"status":"204","lastModified":"2026-11-01T00:00:00Z"}},
{"resource":{"resourceType":"MedicationRequest","id":"bad","status":"active","intent":"order"}}]}`, pad)
	}
	whole := doc("")
	large := doc(strings.Repeat("x", 2000))
	msgs, err := publish.Split([]byte(large), 2500)
	if err != nil {
		t.Fatal(err)
	}
	var parts, subjects []string
	for _, m := range msgs {
		parts, subjects = append(parts, string(m.Data)), append(subjects, m.Subject)
		if !json.Valid(m.Data) {
			t.Errorf("no valid JSON on %s", m.Subject)
		}
	}
	if d := cmp.Diff([]string{"fhir.Bundle", "fhir.Medication", "fhir.Bundle", "fhir.MedicationRequest",
		"fhir.MedicationRequest", "fhir.Bundle", "fhir.MedicationRequest"}, subjects); d != "" {
		t.Error(d)
	}
	want, got := open(engine(), replay(whole)), open(engine(), replay(parts...))
	if len(want) == 0 {
		t.Fatal("no flag to compare")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("flags differ (-whole +parts):\n%s", d)
	}
}
