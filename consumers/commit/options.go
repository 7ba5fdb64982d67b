package commit

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Options of a Committer.
type Options struct {
	Engine *fold.Engine
	Store  jet.Store
	AsOf   time.Time // freezes the as-of time and disables timers; zero is Now
	Now    func() time.Time
	Sleep  func(context.Context, time.Duration)
	By     string // session name in its tallies; unique
	// MaxBatch is the number of messages above which a commit is split; 0 is a server's limit for
	// one batch.
	MaxBatch int
	// Intact reports whether memory still matches what is stored, before anything is read back; nil
	// means always. It is called on the goroutine of the Committer's caller.
	Intact func(context.Context) error
	Health Health
	Log    zerolog.Logger
}

// Health is told how commits go.
type Health interface {
	Conflict()                                  // somebody else was faster
	Writing(yes bool)                           // whether the store answers
	Committed(messages int, took time.Duration) // one batch of messages was stored
}

// New is a Committer that knows nothing until its States have taken in what is stored.
func New(o Options) *Committer {
	c := &Committer{
		engine: o.Engine,
		frozen: o.AsOf,
		asOf:   o.Now,
		now:    o.Now,
		sleep:  o.Sleep,
		copy:   NewWorkingCopy(o.Engine.Key),
		health: o.Health,
		log:    o.Log,
		intact: o.Intact,
	}
	if !o.AsOf.IsZero() {
		c.asOf = func() time.Time { return o.AsOf }
	}
	if c.intact == nil {
		c.intact = func(context.Context) error { return nil }
	}
	c.copy.ruleset = o.Engine.Ruleset
	c.store = &writer{
		to:     o.Store,
		copy:   c.copy,
		most:   jet.MaxBatch,
		by:     o.By,
		timers: map[layout.Token]int64{},
		frozen: !o.AsOf.IsZero(),
	}
	if o.MaxBatch > 0 {
		c.store.most = o.MaxBatch
	}
	return c
}

// States are those it decides on. They may be read and followed concurrently.
func (c *Committer) States() *WorkingCopy { return c.copy }
