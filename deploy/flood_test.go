package deploy

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/publish"
	"github.com/rlsguard/rlsguard/consumers/watch"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// flood makes all consumers of a stream that the server lets a user make.
func (s site) flood(t *testing.T, user, stream string) {
	t.Helper()
	js := s.jetStream(t, user)
	for n := range 2000 {
		_, err := js.CreateConsumer(
			t.Context(), stream,
			jetstream.ConsumerConfig{
				Name: fmt.Sprint("flood", n), AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: 5 * time.Minute,
			},
		)
		if err != nil {
			return
		}
	}
	t.Fatal("there is room for more consumers")
}

// flag commits a transition of a flag, as rlsguard does.
func (s site) flag(t *testing.T, number uint64, summary string) {
	t.Helper()
	f := checks.Flag{
		Finding: checks.Finding{Check: "rls-ssri", Severity: checks.Moderate, Patient: "Patient/1", Summary: summary},
		ID:      "4f1c9b1e-8c3a-8b1d-9e2f-0123456789ab", Number: number, State: checks.Open,
		Change: checks.ChangeUpdated,
		AsOf:   time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
	}
	data, err := issue.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	subject := layout.SubjectCommitFlags + f.Severity.String() + "." + f.Check + "." + f.ID
	if _, err := s.jetStream(t, "rlsguard").Publish(t.Context(), subject, data); err != nil {
		t.Fatal(err)
	}
}

// Users who make all the consumers that there can be blind nobody of us: watch, which began before
// or begins now, the reading of letters, and what rlsguard and the admin read go on.
func TestFloodOfConsumers(t *testing.T) {
	s := run(t, "nats.conf", 1)
	s.setUp(t, 1)
	s.flag(t, 1, "first")
	if _, err := s.jetStream(t, "rlsguard").Publish(t.Context(), "rls.dead.x", nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	before := s.watched(ctx, t, "reviewer", "first")
	s.flood(t, "dashboard", layout.StreamFlags)
	s.flood(t, "operator", layout.StreamDead)
	now := s.watched(ctx, t, "reviewer", "first")
	for _, user := range []string{"rlsguard", "admin", "operator"} {
		letters := 0
		err := jet.DeadLetters(
			ctx, s.jetStream(t, user), jetstream.OrderedConsumerConfig{}, "",
			func(layout.DeadLetter) error { letters++; return nil },
		)
		if err != nil || letters != 1 {
			t.Errorf("%s sees %d letters, %v", user, letters, err)
		}
	}
	s.flag(t, 2, "second")
	for _, seen := range []<-chan string{before, now} {
		select {
		case summary := <-seen:
			if summary != "second" {
				t.Errorf("a watch shows %s", summary)
			}
		case <-ctx.Done():
			t.Error("a watch is blind")
		}
	}
}

// watched starts a watch, waits until it shows an open flag, and hands on what changes.
func (s site) watched(ctx context.Context, t *testing.T, user, first string) <-chan string {
	t.Helper()
	open, live := make(chan string, 10), make(chan string, 10)
	go func() {
		_ = watch.Watch( // it ends with the context
			ctx, s.connect(t, user), watch.Options{Domain: jet.NamedDomain("RLSGUARD")},
			func(flags []checks.Flag) error {
				for _, f := range flags {
					open <- f.Summary
				}
				return nil
			},
			func(f checks.Flag) error { live <- f.Summary; return nil },
		)
	}()
	select {
	case summary := <-open:
		if summary != first {
			t.Errorf("what is open is %s", summary)
		}
	case summary := <-live: // it was copied a moment later
		if summary != first {
			t.Errorf("what is open is %s", summary)
		}
	case <-ctx.Done():
		t.Fatal("watch shows nothing")
	}
	return live
}

// A producer who begins all the batches that the stream takes keeps nobody else from publishing.
func TestFloodOfBatches(t *testing.T) {
	s := run(t, "nats.conf", 1)
	s.setUp(t, 1)
	flood := s.connect(t, "producer")
	for n := range 200 {
		header := nats.Header{"Nats-Batch-Id": {fmt.Sprint("flood", n)}, "Nats-Batch-Sequence": {"1"}}
		if err := flood.PublishMsg(&nats.Msg{Subject: "fhir.Patient", Header: header}); err != nil {
			t.Fatal(err)
		}
	}
	if err := flood.Flush(); err != nil {
		t.Fatal(err)
	}
	pub, err := publish.New(t.Context(), s.connect(t, "operator"), jet.NamedDomain("RLSGUARD"))
	if err != nil {
		t.Fatal(err)
	}
	defer pub.Close()
	for n := range 100 {
		if err := pub.Publish(t.Context(), fmt.Appendf(nil, `{"resourceType":"Patient","id":"%d"}`, n)); err != nil {
			t.Fatal(err)
		}
	}
	if sent, err := pub.Flush(t.Context()); sent != 100 || err != nil {
		t.Errorf("%d published, %v", sent, err)
	}
}
