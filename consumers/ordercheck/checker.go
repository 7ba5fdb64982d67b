package ordercheck

import (
	"context"
	"sync"
	"time"

	"github.com/rlsguard/rlsguard/consumers/asked"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

// Stored is where facts are kept. consumers.Known is one; Files another.
type Stored interface {
	// Read calls do with all that is stored. After an error what do has made of it is worth
	// nothing.
	Read(do func(fold.View) error) error
}

// Checker answers questions. It is for concurrent use.
type Checker struct {
	Engine *fold.Engine
	Stored Stored
	Reader fhir.Options     // Now is set for each question
	AsOf   func() time.Time // the as-of time; the real time where it is nil
	// Metrics count what Serve answers; nil counts nothing.
	Metrics *asked.Metrics

	readers sync.Pool
}

// Instant is the time that is decided for.
func (c *Checker) Instant() time.Time {
	if c.AsOf != nil {
		return c.AsOf()
	}
	return time.Now()
}

// readerAge is how stale the clock of a reader may get, against which meta.lastUpdated is held: the
// limit there is a day.
const readerAge = 10 * time.Minute

type agedReader struct {
	*fhir.Reader
	made time.Time
}

// WithReader lends a reader out.
func (c *Checker) WithReader(do func(*fhir.Reader)) {
	now := time.Now()
	r, ok := c.readers.Get().(*agedReader)
	if !ok || now.Sub(r.made).Abs() > readerAge {
		o := c.Reader
		o.Now = now
		r = &agedReader{fhir.NewReader(o), now}
	}
	do(r.Reader)
	c.readers.Put(r)
}

// Ask reads a question and answers it.
func (c *Checker) Ask(ctx context.Context, data []byte) (Advice, error) {
	var q *Question
	var err error
	c.WithReader(func(r *fhir.Reader) { q, err = readQuestion(r, data) })
	if err != nil {
		return Advice{}, err
	}
	return c.Advise(ctx, q)
}

// Advise answers a question from what is stored and what it brings. The error is that of Stored, or
// of ctx once it has ended.
func (c *Checker) Advise(ctx context.Context, q *Question) (Advice, error) {
	var a Advice
	err := c.Stored.Read(func(v fold.View) (err error) {
		a, err = answer(ctx, c.Engine, v, q, c.Instant())
		return err
	})
	return a, err
}

// AdviseAlone answers a question from what it brings. The error is that of ctx.
func (c *Checker) AdviseAlone(ctx context.Context, q *Question) (Advice, error) {
	return answer(ctx, c.Engine, fold.NewMemory(), q, c.Instant())
}

// Files are facts that were read from files.
type Files struct{ View fold.View }

// Read implements Stored.
func (f Files) Read(do func(fold.View) error) error { return do(f.View) }
