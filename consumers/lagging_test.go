package consumers

import (
	"context"
	"slices"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// lagging gives consumers a replica of RLS that has nothing yet.
type lagging struct{ jetstream.JetStream }

const behind = "BEHIND"

func (l *lagging) CreateConsumer(
	ctx context.Context,
	_ string,
	cfg jetstream.ConsumerConfig,
) (jetstream.Consumer, error) {
	return l.JetStream.CreateConsumer(ctx, behind, cfg)
}

func (l *lagging) Consumer(ctx context.Context, _, name string) (jetstream.Consumer, error) {
	return l.JetStream.Consumer(ctx, behind, name)
}

func (l *lagging) OrderedConsumer(
	ctx context.Context,
	_ string,
	cfg jetstream.OrderedConsumerConfig,
) (jetstream.Consumer, error) {
	return l.JetStream.OrderedConsumer(ctx, behind, cfg)
}

// States that only a replica lacks which lags behind are not missing. Those that the leader of the
// stream lacks are.
func TestReplicaBehind(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	b.publish(someDocs(5)...)
	b.decided()
	stop()
	if _, err := b.js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: behind, Subjects: []string{"behind.>"}, Storage: jetstream.MemoryStorage,
	}); err != nil {
		t.Fatal(err)
	}
	s := b.session()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	filled, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- s.states.Follow(ctx, b.js, func() { close(filled) }) }()
	<-filled
	s.js = &lagging{b.js}
	if s.someThere(ctx, &commit.Missing{}) {
		t.Error("states are there of which none is missing")
	}
	look := func() bool {
		rls, err := b.stream(layout.StreamRLS).Info(ctx)
		for range 2 {
			if err == nil {
				err = s.watchStates(ctx, rls, false)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		return slices.Contains(s.health.Reasons(), health.StatesMissing)
	}
	if look() {
		t.Error("states that the leader has are said to be missing")
	}
	if err := b.stream(layout.StreamRLS).Purge(ctx, jetstream.WithPurgeSubject(layout.SubjectState+">")); err != nil {
		t.Fatal(err)
	}
	if !look() {
		t.Error("states that nobody has are not missing")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
