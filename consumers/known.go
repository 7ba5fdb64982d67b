package consumers

import (
	"errors"
	"sync"

	"github.com/rlsguard/rlsguard/checks"
)

// ErrNotReady tells that the states have not been read yet, or are being read again.
var ErrNotReady = errors.New("the stored states are not read yet")

// Known lets others in the process read what a consumer knows, beside its work and without slowing it. Nothing can be written through it.
type Known struct {
	mu    sync.RWMutex
	copy  *workingCopy
	first chan struct{} // closed when states were read for the first time
	done  bool
}

// NewKnown is for a Config; it knows nothing until Serve has read the states.
func NewKnown() *Known { return &Known{first: make(chan struct{})} }

// Filled is closed when the states have been read for the first time.
func (k *Known) Filled() <-chan struct{} { return k.first }

// Read calls do with a View of all that was committed when it looks. Its error is ErrNotReady, that of do, or a state that cannot be decoded:
// then what do has made of the View is worth nothing.
func (k *Known) Read(do func(View) error) error {
	k.mu.RLock()
	c := k.copy
	k.mu.RUnlock()
	if c == nil {
		return ErrNotReady
	}
	s := c.snapshot()
	return errors.Join(do(s), s.err)
}

// set changes what is read: nil while states are being read. A nil Known takes nothing.
func (k *Known) set(c *workingCopy) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.copy = c
	if c != nil && !k.done {
		k.done = true
		close(k.first)
	}
}

// State is what is known of a patient with all that was added so far: what Decide would decide about, which it does not. The state is the
// caller's to change; it is nil when nothing is known.
func (f *Fold) State(ref checks.Ref) *checks.State {
	p := f.patient(ref)
	f.settle(ref)
	if p.old == nil && !p.changed {
		return nil
	}
	st := *p.st
	st.Facts = append([]checks.Fact(nil), st.Facts...)
	st.Flags = append([]checks.OpenFlag(nil), st.Flags...)
	return &st
}
