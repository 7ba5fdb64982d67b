package consumers

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// vanishing purges a stream as soon as a consumer was told how much is in it.
type vanishing struct {
	jetstream.JetStream
	purge func()
}

func (v *vanishing) OrderedConsumer(
	ctx context.Context,
	stream string,
	cfg jetstream.OrderedConsumerConfig,
) (jetstream.Consumer, error) {
	cons, err := v.JetStream.OrderedConsumer(ctx, stream, cfg)
	v.purge()
	return cons, err
}

// deaf gives a consumer at first that was told how much there is, and gets nothing of it.
type deaf struct {
	jetstream.JetStream
	given bool
}

func (d *deaf) OrderedConsumer(
	ctx context.Context,
	stream string,
	cfg jetstream.OrderedConsumerConfig,
) (jetstream.Consumer, error) {
	cons, err := d.JetStream.OrderedConsumer(ctx, stream, cfg)
	if d.given || err != nil {
		return cons, err
	}
	d.given = true
	cfg.FilterSubjects = []string{layout.SubjectState + "nobody"}
	nothing, err := d.JetStream.OrderedConsumer(ctx, stream, cfg)
	return &silent{cons, nothing}, err
}

type silent struct {
	jetstream.Consumer
	nothing jetstream.Consumer
}

func (s *silent) Messages(opts ...jetstream.PullMessagesOpt) (jetstream.MessagesContext, error) {
	return s.nothing.Messages(opts...)
}

// What is purged before it was read, or in the middle, does not let a reader wait for ever.
func TestReadingWhatVanishes(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := jet.MakeStreams(ctx, b.js, 1); err != nil {
		t.Fatal(err)
	}
	purge := func() {
		if err := b.stream(layout.StreamRLS).Purge(ctx); err != nil {
			t.Error(err)
		}
	}
	fill := func(subject string, size int) {
		for n := range 20 { // of 900 kB: more than a reader lets come at once
			m := &nats.Msg{Subject: subject + string(rune('a'+n)), Data: bytes.Repeat([]byte("x"), size)}
			if _, err := b.js.PublishMsg(ctx, m); err != nil {
				t.Fatal(err)
			}
		}
	}
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectState + ">"}}
	fill(layout.SubjectPatient, 1)
	nothing := func(jetstream.Msg, *jetstream.MsgMetadata) error { t.Error("something was read"); return nil }
	if err := jet.Each(ctx, &vanishing{b.js, purge}, layout.StreamRLS, cfg, nothing); err != nil {
		t.Errorf("purged before anything was read: %v", err)
	}
	fill(layout.SubjectPatient, 900_000)
	read := 0
	err := jet.Each(ctx, b.js, layout.StreamRLS, cfg, func(jetstream.Msg, *jetstream.MsgMetadata) error {
		if read++; read == 1 {
			purge()
		}
		return nil
	})
	if err != nil || read == 0 || read == 20 {
		t.Errorf("purged in the middle: %d read, %v", read, err)
	}
	fill(layout.SubjectPatient, 1)
	read = 0
	count := func(jetstream.Msg, *jetstream.MsgMetadata) error { read++; return nil }
	if err := jet.Each(ctx, &deaf{JetStream: b.js}, layout.StreamRLS, cfg, count); err != nil || read != 20 {
		t.Errorf("by a consumer that is gone: %d read, %v", read, err)
	}
	filled := make(chan struct{})
	following, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	states := commit.NewWorkingCopy(engine().Key)
	go func() { ended <- states.Follow(following, &vanishing{b.js, purge}, func() { close(filled) }) }()
	select {
	case <-filled:
	case <-ctx.Done():
		t.Error("states that were deleted while they were awaited are awaited for ever")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
