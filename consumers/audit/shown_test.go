package audit

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Only what RLS_FLAGS says word for word, and the audit has taken over, leaves RLS.
func TestLeaving(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	words := func(number, signature string) nats.Header {
		h := nats.Header{layout.HeaderNumber: {number}, layout.HeaderTransition: {"opened"}}
		if signature != "" {
			h[layout.HeaderSignature] = []string{signature}
		}
		return h
	}
	at := func(seq uint64, name string, h nats.Header, age time.Duration) Shown {
		return Shown{Name: name, Header: h, Stored: now.Add(-age), Committed: seq}
	}
	shown := []Shown{
		at(1, "a", words("1", "0.x"), time.Hour),
		at(3, "b", words("2", "0.y"), time.Hour), // RLS_FLAGS has an older one
		at(5, "c", words("1", "0.z"), time.Hour), // RLS_FLAGS has none
		at(7, "d", words("1", ""), time.Hour),    // not signed yet
		at(9, "e", words("1", "0.u"), time.Hour),
		at(11, "f", words("1", "0.v"), time.Hour),
		at(13, "g", words("1", "0.w"), time.Second),
		at(15, "h", words("1", "0.t"), time.Hour), // the clock went back: one after a young one stays too
	}
	copies := map[string]Shown{}
	for _, s := range shown {
		copies[s.Name] = s
	}
	copies["b"] = at(2, "b", words("1", "0.y"), 0)
	delete(copies, "c")
	for firstEntry, want := range map[uint64]string{
		0:  "[true false false false true true false false]",
		12: "[true false false false true false false false]",
		2:  "[false false false false false false false false]",
	} {
		if got := fmt.Sprint(Leaving(shown, copies, firstEntry, now)); got != want {
			t.Errorf("the first entry for audit is %d: %s, not %s", firstEntry, got, want)
		}
	}
}
