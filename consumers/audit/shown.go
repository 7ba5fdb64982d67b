package audit

import (
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// KeepShown is how long a transition stays in RLS after it was committed: the next one of its flag
// often comes sooner, and replaces it. Tests have less patience.
var KeepShown = 30 * time.Second

// Shown is a transition as RLS shows it, or its copy in RLS_FLAGS.
type Shown struct {
	Name      string // severity, check and flag id, as they end its subject in both streams
	Header    nats.Header
	Stored    time.Time // in the stream that it was read from
	Committed uint64    // its sequence in RLS
}

// Leaving tells which of the transitions that RLS shows, in its order, it no longer needs: those
// that are older than KeepShown, whose entry for audit has left RLS, and that a copy says word for
// word. firstEntry is the sequence of the first entry that RLS still has, 0 where it has none; an
// entry is committed right after what is shown of it. Copies that rlsguard did not sign must not be
// among copies, which are by name.
func Leaving(shown []Shown, copies map[string]Shown, firstEntry uint64, now time.Time) []bool {
	leave := make([]bool, len(shown))
	for i := range shown {
		s := &shown[i]
		if now.Sub(s.Stored) < KeepShown || firstEntry > 0 && s.Committed+1 >= firstEntry {
			break
		}
		c, held := copies[s.Name]
		leave[i] = held && sameWords(s.Header, c.Header)
	}
	return leave
}

// sameWords tells whether two messages under one name are signed and say the same: the signature
// covers the number and the payload.
func sameWords(a, b nats.Header) bool {
	for _, name := range []string{
		layout.HeaderSignature, layout.HeaderNumber, layout.HeaderTransition, "ce-id", "ce-time",
	} {
		if a.Get(name) != b.Get(name) {
			return false
		}
	}
	return layout.IsSigned(a)
}
