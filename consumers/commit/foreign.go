package commit

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Replace overwrites foreign messages in the stream with what is in memory, or that there is
// nothing. It does so only if memory has everything that was written; if call after call shows that
// it has not, that is an error, which wraps layout.ErrState. It returns how many were replaced.
func (c *Committer) Replace(ctx context.Context) (int, error) {
	if err := c.copy.patience(); err != nil {
		return 0, err
	}
	standing := c.copy.ForeignSubjects()
	if len(standing) == 0 || !c.copy.whole() {
		return 0, nil
	}
	n := 0
	for _, subject := range standing {
		err := c.replace(ctx, subject)
		switch {
		case err == nil:
			n++
		case errors.Is(err, jet.ErrConflict), errors.Is(err, jet.ErrUnknown): // looked at again later
			if err := c.lookAgain(ctx, subject); err != nil {
				return n, err
			}
		default:
			return n, err
		}
	}
	return n, nil
}

func (c *Committer) replace(ctx context.Context, subject string) error {
	kind := subject[:strings.LastIndexByte(subject, '.')+1]
	switch tok, err := layout.ParseToken(subject[len(kind):]); {
	case subject == layout.SubjectSite:
		return c.replaceSite(ctx)
	case kind == layout.SubjectTally:
		return c.store.storeTally(ctx, subject[len(kind):], layout.Tally{})
	case err == nil && slices.Contains(layout.StateKinds, kind):
		return c.rewrite(ctx, kind, []layout.Token{tok})
	}
	c.copy.mu.RLock()
	m := layout.ErasureMessage(subject, c.copy.foreignAt[subject], nil)
	c.copy.signer.Sign(m, c.copy.foreignAt[subject])
	c.copy.mu.RUnlock()
	written := <-c.store.to.Send(ctx, []*nats.Msg{m})
	if written.Err == nil {
		c.copy.mu.Lock()
		c.copy.ourOwn(subject, written.First)
		c.copy.others[subject] = struct{}{}
		c.copy.mu.Unlock()
	}
	return written.Err
}

func (c *Committer) replaceSite(ctx context.Context) error {
	if err := c.copy.admit(layout.SubjectSite); err != nil {
		return err
	}
	c.copy.mu.RLock()
	site := c.copy.site
	c.copy.mu.RUnlock()
	if site.data == nil {
		if !c.ruled { // ApplyRules makes it
			return nil
		}
		done := c.wantedSite()
		done.Done = true
		data, err := done.Encode()
		if err != nil {
			return err
		}
		site.data = data
	}
	p := &piece{rows: []stateRow{{kind: layout.SubjectSite, data: site.data, was: site.seq, wasSum: site.sum}}}
	return c.store.commit(ctx, p)
}

// lookAgain reads back what is stored under a subject.
func (c *Committer) lookAgain(ctx context.Context, subject string) error {
	found, err := c.store.to.Last(ctx, []string{subject})
	if err != nil || found[0].Sequence == 0 {
		return nil // the next look will tell
	}
	if err := c.copy.Take(subject, found[0]); err != nil {
		return err
	}
	return c.store.readTallies(ctx)
}

// What a commit changes comes in pieces, so something may be missing for a moment. mostMissing is
// how many looks in a row may find so without news since the one before, and mostForeign while
// something foreign is there and others write.
const (
	mostMissing = 5
	mostForeign = 20
)

// patience reports, after a while, that something written never came.
func (c *WorkingCopy) patience() error {
	whole := c.whole()
	c.mu.Lock()
	defer c.mu.Unlock()
	if whole {
		c.quiet, c.missing = 0, 0
		return nil
	}
	if c.quiet++; c.last != c.lastLook {
		c.lastLook, c.quiet = c.last, 0
	}
	if len(c.foreignAt) > 0 {
		c.missing++
	}
	if c.quiet > mostMissing || c.missing > mostForeign {
		return errMissed
	}
	return nil
}
