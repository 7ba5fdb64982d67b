package consumers

import (
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// A reader shows the rest where something cannot be read, or was not written by rlsguard, and says what
// it left out.
func TestWatchLeavesOut(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	docs := someDocs(8)
	b.publish(docs...)
	b.decided()
	stop()
	open := b.openNow(watch.Options{})
	flags, all := b.committedOf(open[0].ID, open[1].ID), len(open)
	b.put(flags[0].Subject(), flags[0].Headers(), []byte("junk"))
	b.put(flags[1].Subject(), nil, []byte(strings.Replace(string(flags[1].Data()), "restless", "harmless", 1)))
	for _, c := range []struct {
		name string
		key  []byte
		left int
	}{{"without the key", nil, 1}, {"with the key", engine().Key, 2}} {
		var left []error
		o := watch.Options{Key: c.key, LeftOut: func(err error) { left = append(left, err) }}
		var shown []checks.Flag
		b.wait("left out", func() bool { left = nil; shown = b.openNow(o); return len(left) == c.left })
		if len(shown) != all-c.left {
			t.Errorf("%s: %d of %d flags are shown", c.name, len(shown), all)
		}
		if foreign := errors.Is(errors.Join(left...), layout.ErrForeign); foreign != (c.key != nil) {
			t.Errorf("%s: %v", c.name, left)
		}
	}
	id := flags[1].Subject()[strings.LastIndexByte(flags[1].Subject(), '.')+1:]
	if _, err := watch.FindFlag(t.Context(), b.nc, engine().Key, id); !errors.Is(err, layout.ErrForeign) {
		t.Errorf("a foreign flag is found: %v", err)
	}
}

// committedOf are the newest transitions of flags, as they stand in RLS.
func (b *bench) committedOf(ids ...string) (found []jetstream.Msg) {
	b.t.Helper()
	for _, id := range ids {
		var newest jetstream.Msg
		for _, m := range b.messages(layout.StreamRLS, layout.SubjectCommitFlags+"*.*."+id) {
			if newest == nil || layout.NumberOf(m.Headers()) > layout.NumberOf(newest.Headers()) {
				newest = m
			}
		}
		found = append(found, newest)
	}
	return found
}
