package consumers

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// A durable that somebody changed is made again, and what it passed by meanwhile is decided.
func TestDurableChanged(t *testing.T) {
	update := func(change func(*jetstream.ConsumerConfig)) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) {
			c, err := b.js.Consumer(t.Context(), layout.StreamFHIR, layout.Durable)
			if err != nil {
				t.Fatal(err)
			}
			cfg := c.CachedInfo().Config
			change(&cfg)
			if _, err := b.js.UpdateConsumer(t.Context(), layout.StreamFHIR, cfg); err != nil {
				t.Fatal(err)
			}
		}
	}
	replace := func(change func(*jetstream.ConsumerConfig)) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) {
			cfg := durable(layout.Durable, 20)
			change(&cfg)
			if err := b.js.DeleteConsumer(t.Context(), layout.StreamFHIR, layout.Durable); err != nil {
				t.Fatal(err)
			}
			if _, err := b.js.CreateOrUpdateConsumer(t.Context(), layout.StreamFHIR, cfg); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, change := range map[string]func(*testing.T, *bench){
		"filter": update(func(c *jetstream.ConsumerConfig) { c.FilterSubject = "fhir.Patient" }),
		"filters": update(func(c *jetstream.ConsumerConfig) {
			c.FilterSubjects = []string{"fhir.Patient",
				"fhir.Medication"}
		}),
		"headers only":    update(func(c *jetstream.ConsumerConfig) { c.HeadersOnly = true }),
		"ack wait":        update(func(c *jetstream.ConsumerConfig) { c.AckWait = time.Hour }),
		"max deliver":     update(func(c *jetstream.ConsumerConfig) { c.MaxDeliver = 1 }),
		"max ack pending": update(func(c *jetstream.ConsumerConfig) { c.MaxAckPending = 1 }),
		"inactive":        update(func(c *jetstream.ConsumerConfig) { c.InactiveThreshold = time.Hour }),
		"request batch":   update(func(c *jetstream.ConsumerConfig) { c.MaxRequestBatch = 1 }),
		"paused": func(t *testing.T, b *bench) {
			if _, err := b.js.PauseConsumer(t.Context(), layout.StreamFHIR, layout.Durable,
				time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		},
		"deliver new": replace(func(c *jetstream.ConsumerConfig) { c.DeliverPolicy = jetstream.DeliverNewPolicy }),
		"begins later": replace(func(c *jetstream.ConsumerConfig) {
			c.DeliverPolicy, c.OptStartSeq = jetstream.DeliverByStartSequencePolicy, 60
		}),
		"no ack": replace(func(c *jetstream.ConsumerConfig) {
			c.AckPolicy, c.MaxAckPending = jetstream.AckNonePolicy, 0
		}),
		"in memory": replace(func(c *jetstream.ConsumerConfig) { c.MemoryStorage = true }),
		"no pinning": replace(func(c *jetstream.ConsumerConfig) {
			c.PriorityPolicy, c.PriorityGroups,
				c.PinnedTTL = 0, nil, 0
		}),
		"original " +
			"speed": replace(func(c *jetstream.ConsumerConfig) { c.ReplayPolicy = jetstream.ReplayOriginalPolicy }),
		"push": func(t *testing.T, b *bench) {
			if err := b.js.DeleteConsumer(t.Context(), layout.StreamFHIR, layout.Durable); err != nil {
				t.Fatal(err)
			}
			js, err := b.nc.JetStream()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := js.AddConsumer(layout.StreamFHIR, &nats.ConsumerConfig{Durable: layout.Durable,
				DeliverSubject: "elsewhere", AckPolicy: nats.AckExplicitPolicy}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		for _, running := range []bool{true, false} {
			if !running && !slices.Contains([]string{"filter", "headers only", "paused", "deliver new", "push"}, name) {
				continue
			}
			where := "stopped"
			if running {
				where = "running"
			}
			t.Run(name+" "+where, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				docs := someDocs(12)
				cfg := b.config()
				stop := b.serve(cfg)
				b.publish(docs[:10]...)
				b.decided()
				if !running {
					stop()
				}
				change(t, b)
				b.publish(docs[10:]...)
				if !running {
					cfg = b.config()
					stop = b.serve(cfg)
				}
				b.wait("mended", func() bool {
					c, err := b.js.Consumer(t.Context(), layout.StreamFHIR, layout.Durable)
					return err == nil &&
						len(changedSettings(c.CachedInfo(), durable(layout.Durable, defaultBatch))) == 0
				})
				b.wait("the same", func() bool { return len(b.states()) == len(replay(docs...).States) })
				time.Sleep(2 * jet.LookEvery)
				b.decided()
				b.wait("ready", func() bool { return len(cfg.Health.Reasons()) == 0 })
				stop()
				b.sameAsReplay(docs...)
				if n := len(b.messages(layout.StreamDead, layout.SubjectDead+">")); n > 0 {
					t.Errorf("%d dead letters", n)
				}
				if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) > 0 {
					t.Errorf("verify: %s", kinds)
				}
			})
		}
	}
}

// A durable that is changed again and again is refused by name.
func TestDurableChangedAgainAndAgain(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	defer b.serve(cfg)()
	b.wait("refused", func() bool {
		if c, err := b.js.Consumer(t.Context(), layout.StreamFHIR, layout.Durable); err == nil &&
			!c.CachedInfo().Config.HeadersOnly {
			change := c.CachedInfo().Config
			change.HeadersOnly = true
			_, _ = b.js.UpdateConsumer(t.Context(), layout.StreamFHIR, change) // it may be about to be made again
		}
		_, body := asks(&cfg, "/readyz")
		return slices.Contains(cfg.Health.Reasons(), health.ChangedConsumer) &&
			strings.Contains(body, "headers_only") &&
			strings.Contains(body, layout.Durable)
	})
}
