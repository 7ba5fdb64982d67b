package commit

import (
	"context"
	"errors"
	"sync"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// ErrNotReady: the states have not been read yet, or are being reread.
var ErrNotReady = errors.New("the stored states are not read yet")

// Known lets others in the process read what a consumer knows without slowing it. Nothing can be
// written through it.
type Known struct {
	mu    sync.RWMutex
	copy  *WorkingCopy
	first chan struct{} // closed when states were first read
	done  bool
}

// NewKnown is for a Config; it knows nothing until Serve has read the states.
func NewKnown() *Known { return &Known{first: make(chan struct{})} }

// Filled is closed once the states have been read for the first time.
func (k *Known) Filled() <-chan struct{} { return k.first }

// Read calls do with a View of everything committed when it looks. Its error is ErrNotReady, do's
// error, or a state that cannot be decoded: then do's findings are void.
func (k *Known) Read(do func(fold.View) error) error {
	c := k.current()
	if c == nil {
		return ErrNotReady
	}
	s := c.snapshot()
	return errors.Join(do(s), s.err)
}

// Named is the patient of a token, or "" if nothing is stored under it. Its error is ErrNotReady,
// or that the state cannot be decoded.
func (k *Known) Named(token layout.Token) (facts.Ref, error) {
	c := k.current()
	if c == nil {
		return "", ErrNotReady
	}
	return c.named(token)
}

func (k *Known) current() *WorkingCopy {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.copy
}

// Set changes what is read: nil while states are being read. A nil Known ignores it.
func (k *Known) Set(c *WorkingCopy) { k.Offer(context.Background(), c) }

// Offer is Set, unless ctx has ended: then c is void.
func (k *Known) Offer(ctx context.Context, c *WorkingCopy) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	k.copy = c
	if c != nil && !k.done {
		k.done = true
		close(k.first)
	}
}
