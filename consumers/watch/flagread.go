package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// storedFlags reads the flags that are stored under a subject, and tells the newest transition of
// each and where to go on from. Each last word on a severity before goes to moved, one at a time. It
// takes longer to read one than to get it, so that is done on all
// cores.
func storedFlags(
	ctx context.Context,
	js jetstream.JetStream,
	subject string,
	check *checker,
	moved func(checks.Flag),
) (known map[string]checks.Flag, next uint64, err error) {
	known = map[string]checks.Flag{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	msgs := make(chan *jetstream.RawStreamMsg, 256)
	g.Go(func() (err error) {
		defer close(msgs)
		next, err = jet.EachDirect(ctx, js, layout.StreamFlags, subject, 1, func(m *jetstream.RawStreamMsg) error {
			if !strings.HasPrefix(flagOfSubject(m.Subject), check.begins) {
				return nil
			}
			select {
			case msgs <- m:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		return err
	})
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for m := range msgs {
				f, ok := check.stored(m)
				if !ok {
					continue
				}
				mu.Lock()
				if moved != nil && f.Change == checks.ChangeMoved {
					moved(f)
				}
				if have, ok := known[f.ID]; !ok || have.Number < f.Number {
					known[f.ID] = f
				}
				mu.Unlock()
			}
			return nil
		})
	}
	err = g.Wait()
	for _, f := range check.unsigned() {
		if have, ok := known[f.ID]; !ok || have.Number < f.Number {
			known[f.ID] = f
		}
	}
	return known, next, err
}

// checker reads messages of RLS_FLAGS, and tells of those that are not used.
type checker struct {
	signer  *layout.Signer // nil does not check
	leftOut func(error)
	begins  string // ids of flags; what is about others is passed over

	mu     sync.Mutex
	signed bool // some are, so that all have to be
	aside  []asideFlag
}

// asideFlag is one that is not signed, as long as none is.
type asideFlag struct {
	flag checks.Flag
	err  error
}

// stored reads a message that was there when reading began. Where none is signed, those that are not
// count too, see unsigned.
func (c *checker) stored(m *jetstream.RawStreamMsg) (checks.Flag, bool) {
	if c.signer == nil || layout.IsSigned(m.Header) {
		return c.flag(m)
	}
	f, err := flagOf(m)
	if err != nil {
		c.leave(err)
		return f, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.aside = append(c.aside, asideFlag{f, notUsed(m, layout.ErrForeign)})
	return f, false
}

// unsigned are the flags that were put aside, where they count.
func (c *checker) unsigned() (flags []checks.Flag) {
	c.mu.Lock()
	aside, signed := c.aside, c.signed
	c.aside = nil
	c.mu.Unlock()
	for _, a := range aside {
		if signed {
			c.leave(a.err)
		} else {
			flags = append(flags, a.flag)
		}
	}
	return flags
}

// flag reads a message; ok tells whether it is used.
func (c *checker) flag(m *jetstream.RawStreamMsg) (f checks.Flag, ok bool) {
	err := c.check(m)
	if err == nil {
		f, err = flagOf(m)
	}
	if err != nil {
		c.leave(err)
	}
	return f, err == nil
}

func (c *checker) check(m *jetstream.RawStreamMsg) error {
	if c.signer == nil {
		return nil
	}
	c.mu.Lock()
	some := c.signed
	c.mu.Unlock()
	if !some && !layout.IsSigned(m.Header) {
		return nil
	}
	if _, _, err := c.signer.Check(m.Subject, m.Header, m.Data); err != nil {
		return notUsed(m, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.signed = true
	return nil
}

func (c *checker) leave(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leftOut != nil {
		c.leftOut(err)
	}
}

func flagOf(m *jetstream.RawStreamMsg) (checks.Flag, error) {
	f, err := issue.Unmarshal(m.Data)
	if err == nil && f.ID != flagOfSubject(m.Subject) {
		err = errors.New("it is about another flag")
	}
	if err != nil {
		return f, notUsed(m, err)
	}
	return f, nil
}

// flagOfSubject is the id of the flag that a subject is about.
func flagOfSubject(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

func notUsed(m *jetstream.RawStreamMsg, err error) error {
	return fmt.Errorf("sequence %d of %s: %w", m.Sequence, layout.StreamFlags, err)
}

func isOpen(f *checks.Flag) bool { return f.State != checks.Resolved && f.Change != checks.ChangeMoved }

func sortedOpen(known map[string]checks.Flag) []checks.Flag {
	return slices.DeleteFunc(sortedFlags(known), func(f checks.Flag) bool { return !isOpen(&f) })
}

// sortedFlags are sorted by patient, check and ingredient.
func sortedFlags(known map[string]checks.Flag) []checks.Flag {
	flags := slices.Collect(maps.Values(known))
	order := make([]*checks.Flag, len(flags)) // a flag is large to move about
	for i := range flags {
		order[i] = &flags[i]
	}
	slices.SortFunc(order, func(a, b *checks.Flag) int {
		return cmp.Or(
			cmp.Compare(a.Patient, b.Patient),
			cmp.Compare(a.Check, b.Check),
			cmp.Compare(a.Ingredient, b.Ingredient),
		)
	})
	sorted := make([]checks.Flag, len(order))
	for i, f := range order {
		sorted[i] = *f
	}
	return sorted
}
