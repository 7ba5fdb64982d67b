package consumers

import (
	gocmp "cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// told is what a Watch has handed on.
type told struct {
	mu    sync.Mutex
	flags map[string]checks.Flag
	live  []checks.Flag
}

func (w *told) take(f checks.Flag) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flags[f.ID] = f
	w.live = append(w.live, f)
	return nil
}

// open are the flags that somebody who watches believes to be open, and the transitions that came
// live.
func (w *told) open() (flags []checks.Flag, live []checks.Flag) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.flags {
		if f.State != checks.Resolved && f.Change != checks.ChangeMoved {
			f.Number, f.Change, f.Clears, f.ClearsCut = 0, "", nil, false
			flags = append(flags, f)
		}
	}
	slices.SortFunc(flags, func(a, b checks.Flag) int {
		return gocmp.Or(
			strings.Compare(string(a.Patient), string(b.Patient)),
			strings.Compare(a.Check, b.Check),
			strings.Compare(a.Ingredient, b.Ingredient),
		)
	})
	return flags, append(live, w.live...)
}

// watch follows the flags until the test ends; it returns when the open ones were told.
func (b *bench) watch() *told {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &told{flags: map[string]checks.Flag{}}
	began, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- watch.Watch(ctx, b.nc, watch.Options{}, func(open []checks.Flag) error {
			for _, f := range open {
				w.flags[f.ID] = f
			}
			close(began)
			return nil
		}, w.take)
	}()
	b.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("Watch: %v", err)
		}
	})
	<-began
	return w
}

// Whoever watches while RLS_FLAGS is made anew learns what changed, and hears nothing twice.
func TestWatchThroughAnotherCopy(t *testing.T) {
	docs := someDocs(12)
	for version := 3; version < 40; version++ { // the first copy counts further than one that is made later
		docs = append(docs, orderJSON("a2", "2", "sertraline", []string{"active", "stopped"}[version%2], version))
	}
	more := []string{
		orderJSON("a1", "1", "sertraline", "stopped", 9),
		rlsJSON("new"),
		orderJSON("anew", "new", "sertraline", "active", 1),
	}
	for name, c := range map[string]struct {
		gone []string
		same bool // transitions go on with their numbers
	}{
		"the copy":           {gone: []string{layout.StreamFlags}, same: true},
		"states and copy":    {gone: []string{layout.StreamFlags, layout.StreamRLS}},
		"states":             {gone: []string{layout.StreamRLS}},
		"the copy, twice":    {gone: []string{layout.StreamFlags, "", layout.StreamFlags}, same: true},
		"nothing, but pause": {gone: []string{""}, same: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			cfg := b.config()
			cfg.Batch = 1
			stop := b.serve(cfg)
			b.publish(docs...)
			b.decided()
			if err := jet.WaitCopied(t.Context(), b.js); err != nil {
				t.Fatal(err)
			}
			w := b.watch()
			stop()
			for _, stream := range c.gone {
				if stream == "" {
					b.serve(b.config())()
				} else if err := b.js.DeleteStream(t.Context(), stream); err != nil {
					t.Fatal(err)
				}
			}
			b.publish(more...)
			defer b.serve(b.config())()
			b.decided()
			want := open(engine(), replay(append(docs, more...)...))
			b.wait("told", func() bool {
				got, _ := w.open()
				return c.same && cmp.Equal(want, got) || !c.same && includes(got, want)
			})
			_, live := w.open()
			seen := map[string]bool{}
			for _, f := range live {
				id := fmt.Sprintf("%s.%d %s", f.ID, f.Number, f.Change)
				if seen[id] {
					t.Errorf("told twice: %s", id)
				}
				seen[id] = true
			}
			if news := 3; c.same && len(live) != news {
				t.Errorf("%d transitions told, %d were news", len(live), news)
			}
		})
	}
}

// includes: those who watch know of every open flag. One that was open and was never opened again
// by states that were made anew they may still believe to be open.
func includes(got, want []checks.Flag) bool {
	have := map[string]checks.Flag{}
	for _, f := range got {
		have[f.ID] = f
	}
	for _, f := range want {
		if !cmp.Equal(have[f.ID], f) {
			return false
		}
	}
	return true
}
