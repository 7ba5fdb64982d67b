package cdshooks

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// startBus is a server with the streams of a running consumer.
func startBus(t *testing.T) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	srv, err := embedded.Start(
		t.Context(),
		embedded.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Log: zerolog.Nop()},
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Stop(); err != nil {
			t.Error(err)
		}
	})
	nc, err := srv.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := jet.MakeStreams(context.Background(), js, 1); err != nil {
		t.Fatal(err)
	}
	return nc, js
}

func TestNATS(t *testing.T) {
	nc, js := startBus(t)
	ctx := context.Background()
	var bus *NATS
	for range 2 { // the second time the stream is there
		var err error
		if bus, err = NewNATS(nc, 1, time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := bus.Prepare(ctx); err != nil {
			t.Fatal(err)
		}
	}
	sub, err := nc.SubscribeSync("rls.feedback.>")
	if err != nil {
		t.Fatal(err)
	}
	want := Feedback{Card: "c", Outcome: overridden, Check: "iron-low", Flag: "f"}
	if err := bus.Feedback(ctx, want); err != nil {
		t.Fatal(err)
	}
	m, err := sub.NextMsg(10 * time.Second)
	if err != nil || m.Subject != "rls.feedback.overridden.iron-low" {
		t.Fatalf("%v, error %v", m, err)
	}
	stored, err := js.Stream(ctx, layout.StreamFeedback)
	if err != nil {
		t.Fatal(err)
	}
	last, err := stored.GetLastMsgForSubject(ctx, "rls.feedback.>")
	if err != nil {
		t.Fatal(err)
	}
	var got Feedback
	if err := json.Unmarshal(last.Data, &got); err != nil || got.Flag != want.Flag {
		t.Errorf("stored %s, error %v", last.Data, err)
	}
	if err := bus.Acknowledge(ctx, []byte(`{"resourceType":"DetectedIssue"}`)); err != nil {
		t.Fatal(err)
	}
	fhir, err := js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		t.Fatal(err)
	}
	if last, err := fhir.GetLastMsgForSubject(ctx, layout.SubjectAcknowledge); err != nil ||
		!strings.Contains(string(last.Data), "DetectedIssue") {
		t.Errorf("%v, error %v", last, err)
	}
	if f, err := bus.FindFlag(ctx, func(*checks.Flag) bool { return true }); f != nil || err != nil {
		t.Errorf("flag %v, error %v where none is open", f, err)
	}
}
