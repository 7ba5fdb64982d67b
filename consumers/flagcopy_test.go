package consumers

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// The copy for dashboards is what was committed as soon as an instance is ready, whatever happened
// to it or to the stream that it copies.
func TestCopySettles(t *testing.T) {
	docs := someDocs(12)
	more := []string{
		orderJSON("a1", "1", "sertraline", "stopped", 9),
		rlsJSON("new"),
		orderJSON("anew", "new", "sertraline", "active", 1),
	}
	purge := func(b *bench, stream string) {
		s, err := b.js.Stream(b.t.Context(), stream)
		if err == nil {
			err = s.Purge(b.t.Context())
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	for name, damage := range map[string]func(*bench){
		"one is missing": func(b *bench) {
			b.remove(layout.StreamFlags, layout.SubjectFlags+"moderate.>")
		},
		"all are missing": func(b *bench) { purge(b, layout.StreamFlags) },
		"states purged":   func(b *bench) { purge(b, layout.StreamRLS) },
		"states anew under an old copy": func(b *bench) {
			if err := b.js.DeleteStream(b.t.Context(), layout.StreamRLS); err != nil {
				b.t.Fatal(err)
			}
			for _, want := range layout.StreamConfigs(1) {
				if err := jet.MakeStream(b.t.Context(), b.js, want); err != nil {
					b.t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			stop := b.serve(b.config())
			b.publish(docs...)
			b.decided()
			stop()
			b.publish(more...)
			if err := jet.WaitCopied(t.Context(), b.js); err != nil {
				t.Fatal(err)
			}
			damage(b)
			defer b.serve(b.config())()
			b.decided()
			if d := cmp.Diff(open(engine(), replay(append(docs, more...)...)), b.openNow(watch.Options{})); d != "" {
				t.Errorf("what dashboards read differs (-replay +watch):\n%s", d)
			}
		})
	}
}

// An instance is not ready while states that were lost are made again: whoever asks it would get
// half of what is known.
func TestNotReadyWhileRebuilding(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	docs := someDocs(40)
	b.publish(docs...)
	b.decided()
	stop()
	if err := b.js.DeleteStream(t.Context(), layout.StreamRLS); err != nil {
		t.Fatal(err)
	}
	cfg := b.config()
	cfg.Batch = 1
	defer b.serve(cfg)()
	c, err := b.js.Consumer(t.Context(), layout.StreamFHIR, layout.Durable)
	if err != nil {
		t.Fatal(err)
	}
	if floor := c.CachedInfo().AckFloor.Stream; floor < uint64(len(docs)) {
		t.Errorf("ready at input %d of %d", floor, len(docs))
	}
	if d := cmp.Diff(open(engine(), replay(docs...)), b.openNow(watch.Options{})); d != "" {
		t.Errorf("what dashboards read differs (-replay +watch):\n%s", d)
	}
}

// What RLS_FLAGS has of an earlier RLS is not taken for what was committed.
func TestShownWaitsForTheNewestCommit(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	b.publish(someDocs(5)...)
	b.decided()
	stop()
	if err := jet.WaitCopied(t.Context(), b.js); err != nil {
		t.Fatal(err)
	}
	newest := jet.LastOf(t.Context(), b.js, layout.StreamRLS, layout.SubjectCommitFlags+">")
	b.remove(layout.StreamFlags, layout.SubjectFlags+strings.TrimPrefix(newest.Subject, layout.SubjectCommitFlags))
	ctx, cancel := context.WithTimeout(t.Context(), jet.CopiedTimeout/10)
	defer cancel()
	if err := jet.WaitCopied(ctx, b.js); err == nil {
		t.Error("the newest commit is not there")
	}
}
