package consumers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// asks gets a path from an instance.
func asks(cfg *Config, path string) (int, string) {
	w := httptest.NewRecorder()
	cfg.Health.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func (b *bench) stream(name string) jetstream.Stream {
	b.t.Helper()
	s, err := b.js.Stream(b.t.Context(), name)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// setStream changes settings of a stream; what it returns puts them back.
func (b *bench) setStream(name string, change func(*jetstream.StreamConfig)) (restore func()) {
	b.t.Helper()
	before := b.stream(name).CachedInfo().Config
	after := before
	change(&after)
	set := func(c jetstream.StreamConfig) {
		b.t.Helper()
		if _, err := b.js.UpdateStream(b.t.Context(), c); err != nil {
			b.t.Fatal(err)
		}
	}
	set(after)
	return func() { b.t.Helper(); set(before) }
}

func (b *bench) deleteInputs(seqs ...uint64) {
	b.t.Helper()
	for _, seq := range seqs {
		if err := b.stream(layout.StreamFHIR).DeleteMsg(b.t.Context(), seq); err != nil {
			b.t.Fatal(err)
		}
	}
}

// losesInputs fails unless an instance says that so many inputs were lost, and verify too.
func (b *bench) losesInputs(cfg *Config, n int) {
	b.t.Helper()
	total, open := fmt.Sprintf(
		"\nrlsguard_inputs_lost_total %d\n",
		n,
	), fmt.Sprintf(
		"\nrlsguard_inputs_lost_unacknowledged %d\n",
		n,
	)
	b.wait("counted", func() bool {
		_, m := asks(cfg, "/metrics")
		return strings.Contains(m, total) && strings.Contains(m, open)
	})
	if code, body := asks(cfg, "/readyz"); code != http.StatusOK ||
		strings.Contains(body, fmt.Sprintf("%d inputs left", n)) != (n > 0) {
		b.t.Errorf("%d %s", code, body)
	}
	if _, kinds := b.verify(operate.VerifyOptions{}); slices.Contains(kinds, operate.InputMissing) != (n > 0) {
		b.t.Errorf("verify finds %s", kinds)
	}
}

// Inputs that left before anybody decided them are told, also after the next start, until an
// operator has acknowledged them.
func TestInputsLost(t *testing.T) {
	short := func(c *jetstream.StreamConfig) { c.MaxAge, c.Duplicates = time.Second, time.Second }
	for name, c := range map[string]struct {
		leave func(*bench)
		lost  int
	}{
		"purged": {func(b *bench) { _ = b.stream(layout.StreamFHIR).Purge(t.Context()) }, 6},
		"partly purged": {func(b *bench) {
			_ = b.stream(layout.StreamFHIR).Purge(t.Context(),
				jetstream.WithPurgeSequence(9))
		}, 3},
		"too old": {func(b *bench) { b.setStream(layout.StreamFHIR, short) }, 6},
		"too many": {func(b *bench) {
			b.setStream(layout.StreamFHIR,
				func(c *jetstream.StreamConfig) { c.MaxMsgs = 2 })()
		}, 4},
		"too large": {func(b *bench) {
			b.setStream(layout.StreamFHIR,
				func(c *jetstream.StreamConfig) { c.MaxBytes = 800 })()
		}, -1},
		"deleted":          {func(b *bench) { b.deleteInputs(7, 9) }, 2},
		"deleted at first": {func(b *bench) { b.deleteInputs(6) }, 1},
		"deleted at last":  {func(b *bench) { b.deleteInputs(11) }, 1},
		"nothing undecided": {func(b *bench) {
			b.deleteInputs(1, 3)
			_ = b.stream(layout.StreamFHIR).Purge(t.Context(), jetstream.WithPurgeSequence(6))
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			stop := b.serve(b.config())
			b.publish(someDocs(2)[:5]...)
			b.decided()
			stop()
			b.publish(slices.Repeat(someDocs(1)[:1], 6)...)
			c.leave(b)
			b.wait(
				"gone",
				func() bool { return name != "too old" || b.stream(layout.StreamFHIR).CachedInfo().State.Msgs == 0 },
			)
			if c.lost < 0 {
				c.lost = 6 - int(b.stream(layout.StreamFHIR).CachedInfo().State.Msgs)
			}
			if _, kinds := b.verify(operate.VerifyOptions{}); slices.Contains(
				kinds,
				operate.InputMissing,
			) != (c.lost > 0) {
				t.Errorf("verify before the start finds %s", kinds)
			}
			cfg := b.config()
			stop = b.serve(cfg)
			b.losesInputs(&cfg, c.lost)
			b.publish(someDocs(1)[0])
			b.decided()
			stop()
			cfg = b.config()
			defer b.serve(cfg)()
			b.losesInputs(&cfg, c.lost)
			if c.lost == 0 {
				return
			}
			if n, err := b.operator().AcknowledgeLosses(t.Context(), engine().Key); err != nil || int(n) != c.lost {
				t.Fatalf("acknowledged %d: %v", n, err)
			}
			b.wait(
				"not told any more",
				func() bool { _, body := asks(&cfg, "/readyz"); return !strings.Contains(body, "left the stream") },
			)
			if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) > 0 {
				t.Errorf("verify after it was acknowledged: %s", kinds)
			}
			if _, m := asks(&cfg, "/metrics"); !strings.Contains(
				m,
				fmt.Sprintf("\nrlsguard_inputs_lost_total %d\n", c.lost),
			) {
				t.Error("the total was forgotten")
			}
		})
	}
}

// What leaves while an instance runs, before it had its turn, is told; what the instance has in
// hand is decided all the same.
func TestInputsLostWhileServing(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	cfg.Batch = 1
	defer b.serve(cfg)()
	// no commit gets through
	restore := b.setStream(layout.StreamRLS, func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1 })
	docs := someDocs(30)
	b.publish(docs...)
	b.wait("stuck", func() bool { return slices.Contains(cfg.Health.Reasons(), health.NotWriting) })
	last := uint64(len(docs))
	b.deleteInputs(1, 2, last-5, last-4, last-1)
	restore()
	b.decided()
	b.wait("ready", func() bool { return len(cfg.Health.Reasons()) == 0 })
	b.losesInputs(&cfg, 3)
	left := slices.Delete(slices.Clone(docs), int(last)-2, int(last)-1)
	b.sameAsReplay(slices.Delete(left, int(last)-6, int(last)-4)...)
}

// Ordinary retention is silent, and so is a crash: what one instance decided another does not miss.
func TestNoInputIsMissed(t *testing.T) {
	b := newBench(t)
	child := startChild(t, "RLSGUARD_TEST_URL="+b.srv.URL())
	b.wait("streams", func() bool { _, err := b.js.Stream(t.Context(), layout.StreamFHIR); return err == nil })
	docs := someDocs(40)
	b.publish(docs[:60]...)
	b.decided()
	cfg := b.config()
	stop := b.serve(cfg) // stands by
	b.publish(docs[60:]...)
	kill(child)
	b.decided()
	for range 3 {
		if err := b.stream(layout.StreamFHIR).Purge(t.Context(),
			jetstream.WithPurgeSequence(b.stream(layout.StreamFHIR).CachedInfo().State.LastSeq)); err != nil {
			t.Fatal(err)
		}
		b.publish(docs[0])
		b.decided()
		time.Sleep(2 * jet.LookEvery)
	}
	b.losesInputs(&cfg, 0)
	stop()
	cfg = b.config()
	defer b.serve(cfg)()
	time.Sleep(3 * jet.LookEvery)
	b.losesInputs(&cfg, 0)
	b.sameAsReplay(docs...)
}

// A record that is ahead of the stream, which was restored or lost its end, hides nothing of what
// comes next.
func TestInputsRecordedAheadOfTheStream(t *testing.T) {
	b := newBench(t)
	docs := someDocs(8)
	stop := b.serve(b.config())
	b.publish(docs[:10]...)
	b.decided()
	stop()
	r, err := decided.ReadInputs(t.Context(), b.js, layout.NewSigner(engine().Key), 0)
	if err != nil {
		t.Fatal(err)
	}
	r.Decided = r.Decided.With(decided.Stretches{{1, 100}})
	if err := r.Write(t.Context(), b.operator().Store, layout.NewSigner(engine().Key)); err != nil {
		t.Fatal(err)
	}
	cfg := b.config()
	defer b.serve(cfg)()
	if err := b.js.DeleteConsumer(t.Context(), layout.StreamFHIR, layout.Durable); err != nil {
		t.Fatal(err)
	}
	b.publish(docs[10:]...)
	b.decided()
	b.sameAsReplay(docs...)
	b.losesInputs(&cfg, 0)
}
